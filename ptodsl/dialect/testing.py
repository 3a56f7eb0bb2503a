"""Snippets of the dialect for tests: short names for common types, and a function around the lines under test."""

from __future__ import annotations

import re
from io import StringIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from isa.op import Extent, Op, Role
from ptodsl.dialect import DYNAMIC, VECTOR_OPS, TileBufType, context, element_type
from ptodsl.dialect.testing_uses import OWN_USES, own_use

TILES = {
    "vec": TileBufType.of((32, 256), element_type("f32"), "vec"),
    "narrow": TileBufType.of((32, 128), element_type("f32"), "vec"),
    "small": TileBufType.of((8, 128), element_type("f32"), "vec"),
    "part": TileBufType.of((32, 256), element_type("f32"), "vec", valid=(DYNAMIC, 256)),
    "corner": TileBufType.of((64, 64), element_type("f32"), "vec", valid=(40, 24)),
    "half": TileBufType.of((32, 256), element_type("f16"), "vec"),
    "bits": TileBufType.of((32, 256), element_type("i32"), "vec"),
    "words": TileBufType.of((32, 256), element_type("i16"), "vec"),
    "rows": TileBufType.of((32, 1), element_type("f32"), "vec", blayout="col_major"),
    "flat": TileBufType.of((1, 32), element_type("f32"), "vec"),
    "cols": TileBufType.of((1, 256), element_type("f32"), "vec"),
    "mat": TileBufType.of((128, 128), element_type("f16"), "mat"),
    "matt": TileBufType.of((128, 128), element_type("f16"), "mat", blayout="row_major", slayout="col_major"),
    "left": TileBufType.of((128, 128), element_type("f16"), "left"),
    "right": TileBufType.of((128, 128), element_type("f16"), "right"),
    "acc": TileBufType.of((128, 128), element_type("f32"), "acc"),
    "bias": TileBufType.of((1, 128), element_type("f32"), "bias"),
}
"""Tile types by alias: `!vec` in a snippet is `TILES["vec"]`."""

ALIASES = {
    **{name: str(ty) for name, ty in TILES.items()},
    "view": "!pto.tensor_view<?x256xf32>",
    "slice": "!pto.partition_tensor_view<32x256xf32>",
    "entry": "!pto.tensor_view<128x128xf32>",
}
"""All type aliases of a snippet."""

CONSTANTS = (0, 1, 2, 8, 32, 128, 256)
"""`%c32` in a snippet is the index 32."""


def snippet(body: str, kind: str = "vector") -> str:
    """A module with one function `@f` of the given kind around `body`.

    Its arguments: `%p` (f32 pointer), `%h` (f16 pointer), `%ffts`, `%n` (index), `%m` (i64), `%x` (f32), `%b` (i1);
    its constants: `%c0` to `%c256` (index). `%vec` and the like are tiles of the types in `TILES`; `%view` is a view
    of `%p`, `%slice` its first 32 rows.
    """
    lines = [f"!{name} = {text}" for name, text in ALIASES.items()]
    lines.append(
        "func.func @f(%p: !pto.ptr<f32>, %h: !pto.ptr<f16>, %ffts: memref<256xi64>, %n: index, %m: i64, %x: f32, "
        f"%b: i1) attributes {{pto.kernel_kind = #pto.kernel_kind<{kind}>}} {{"
    )
    lines += [f"%c{value} = arith.constant {value} : index" for value in CONSTANTS]
    lines += [
        f"%{name} = pto.alloc_tile{' valid_row = %n' if name == 'part' else ''} : !{name}"
        for name in TILES
        if re.search(rf"%{name}\b", body)
    ]
    if "%view" in body or "%slice" in body:
        lines.append("%view = pto.make_tensor_view %p, shape = [%n, %c256], strides = [%c256, %c1] : !view")
    if "%slice" in body:
        lines.append("%slice = pto.partition_view %view, offsets = [%c0, %c0], sizes = [%c32, %c256] : !view -> !slice")
    return "\n".join([*lines, body, "func.return", "}"])


_KINDS = {
    "f32": {Extent.WHOLE: "vec", Extent.ENOUGH: "vec", Extent.ROWS: "rows", Extent.COLS: "cols"},
    "i16": {Extent.WHOLE: "words"},
    "i32": {Extent.WHOLE: "bits"},
}
"""Names in `TILES` by element type and extent."""


def use_of(row: Op, *, apart: bool = False) -> str:
    """Lines that use an operation of a regular family.

    Args:
        row: its row of the operation table.
        apart: whether every operand is a tile of its own, `%t0`, `%t1`, ...; else `%vec` and the like, and those that
            must be other tiles than these.
    """
    if row.dialect in OWN_USES or row.dialect == "tfillpad_inplace":
        return own_use(row)
    dtype = next(name for name in _KINDS if name in row.types)
    lines = [] if dtype == "f32" else [f"%w = arith.constant 3 : {dtype}"]
    names, types = [], []
    for number, operand in enumerate(row.family.operands):
        if operand.optional:
            continue
        if operand.role is Role.SCALAR:
            names.append("%x" if dtype == "f32" else "%w")
            types.append(dtype)
            continue
        kind = _KINDS[dtype][operand.extent]
        alone = apart or operand.role is Role.SCRATCH or any(operand.name in pair for pair in row.distinct)
        names.append(f"%t{number}" if alone else f"%{kind}")
        types.append(f"!{kind}")
        if alone:
            lines.append(f"{names[-1]} = pto.alloc_tile : !{kind}")
    ins = f"{', '.join(names[:-1])} : {', '.join(types[:-1])}"
    return "\n".join([*lines, f"pto.{row.dialect} ins({ins}) outs({names[-1]} : {types[-1]})"])


VECTOR_USES = [use_of(op.ROW) for op in VECTOR_OPS.values()]
"""Every operation that is made of its row, once."""


def parse(body: str) -> list[Operation]:
    """The operations of `snippet(body)`, in order."""
    module = parse_text(snippet(body))
    function = module.body.block.first_op
    assert isinstance(function, FuncOp)
    return list(function.body.block.ops)


def parse_text(text: str) -> ModuleOp:
    """A module from its text."""
    return Parser(context(), text, "test.mlir").parse_module()


def print_text(module: ModuleOp, *, generic: bool = False, locations: bool = False) -> str:
    """The text of a module."""
    stream = StringIO()
    Printer(stream, print_generic_format=generic, print_debuginfo=locations).print_op(module)
    return stream.getvalue()


def complaint(body: str) -> str:
    """Message of the first operation in `snippet(body)` that does not verify; empty when all do."""
    for op in parse(body):
        try:
            op.verify_()
        except VerifyException as error:
            return str(error)
    return ""


_MAT_VIEW = (
    "%kview = pto.make_tensor_view %h, shape = [%c128, %c128], strides = [STRIDES] {layout = #pto.layout<LAYOUT>} "
    ": !pto.tensor_view<128x128xf16>\n"
    "%kslice = pto.partition_view %kview, offsets = [%c0, %c0], sizes = [%c128, %c128] "
    ": !pto.tensor_view<128x128xf16> -> !pto.partition_tensor_view<128x128xf16>\n"
)
_ACC_VIEW = (
    "%oview = pto.make_tensor_view POINTER, shape = [%c128, %c128], strides = [%c128, %c1] "
    ": !pto.tensor_view<128x128xDTYPE>\n"
    "%oslice = pto.partition_view %oview, offsets = [%c0, %c0], sizes = [%c128, %c128] "
    ": !pto.tensor_view<128x128xDTYPE> -> !pto.partition_tensor_view<128x128xDTYPE>\n"
    "pto.tstore ins(%acc : !acc) outs(%oslice : !pto.partition_tensor_view<128x128xDTYPE>)"
)
_MAT_SLICE = "!pto.partition_tensor_view<128x128xf16>"


def load_mat(layout: str, tile: str) -> str:
    """Lines that load the tile `%tile` from a view of the given layout."""
    strides = "%c1, %c128" if layout == "dn" else "%c128, %c1"
    view = _MAT_VIEW.replace("LAYOUT", layout).replace("STRIDES", strides)
    return view + f"pto.tload ins(%kslice : {_MAT_SLICE}) outs(%{tile} : !{tile})"


def store_acc(pointer: str, dtype: str) -> str:
    """Lines that store `%acc` through a pointer to elements of type dtype."""
    return _ACC_VIEW.replace("POINTER", pointer).replace("DTYPE", dtype)


def fifo(
    dir_mask: int = 1, slot_size: int = 65536, slot_num: int = 8, flag_base: int = 0, more: str = "", name: str = "pipe"
) -> str:
    """Lines that make a FIFO `%pipe` of entries of type `!entry`, and one of them, `%e`; for another `name`, `%name_e`.

    `more` goes into the properties of its handle, `, nosplit = true`.
    """
    entry = "e" if name == "pipe" else f"{name}_e"
    return (
        f"%{name}_slot = pto.make_tensor_view %p, shape = [%c128, %c128], strides = [%c128, %c1] : !entry\n"
        f'%{name} = "pto.initialize_l2g2l_pipe"(%{name}_slot) <{{dir_mask = {dir_mask} : i8, slot_size = {slot_size} : '
        f"i32, slot_num = {slot_num} : i32, flag_base = {flag_base} : i32{more}, "
        "operandSegmentSizes = array<i32: 1, 0, 0>}> : (!entry) -> !pto.pipe\n"
        f"%{entry} = pto.declare_global -> !entry\n"
    )
