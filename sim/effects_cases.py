"""Kernels for effects_test: a function for each operation of the dialect that touches memory, all in one module."""

from __future__ import annotations

from collections.abc import Sequence

from ptodsl.dialect import VECTOR_OPS
from ptodsl.dialect.testing import ALIASES, fifo, load_mat, snippet, use_of

PARTS = {
    "tfillpad_inplace": "%t0 = pto.alloc_tile : !pto.tile_buf<vec, 32x256xf32, valid=20x100>\n"
    "%t1 = pto.treshape %t0 : !pto.tile_buf<vec, 32x256xf32, valid=20x100> -> "
    "!pto.tile_buf<vec, 32x256xf32, pad=1>\n"
    "pto.tfillpad_inplace ins(%t0 : !pto.tile_buf<vec, 32x256xf32, valid=20x100>) "
    "outs(%t1 : !pto.tile_buf<vec, 32x256xf32, pad=1>)",
    "tgetval": "%t0 = pto.alloc_tile : !vec\n%y = pto.tgetval ins(%t0, %c2 : !vec, index) outs : f32",
    "tsetval": "%t0 = pto.alloc_tile : !vec\npto.tsetval ins(%c2, %x : index, f32) outs(%t0 : !vec)",
    "tinsert": "%t0 = pto.alloc_tile : !small\n%t1 = pto.alloc_tile : !vec\n"
    "pto.tinsert ins(%t0, %c8, %c128 : !small, index, index) outs(%t1 : !vec)",
    "tgather_columns": "%t0 = pto.alloc_tile : !small\n%t1 = pto.alloc_tile : !vec\n"
    "pto.tgather ins(%t0, {maskPattern = #pto.mask_pattern<P0101>} : !small) outs(%t1 : !vec)",
}
"""Bodies for the vector core whose operations touch a part of a tile: the dialect speaks of all of it."""

TILES = {
    **{name: text for name, text in ALIASES.items() if text.startswith("!pto.tile_buf")},
    "bytes": "!pto.tile_buf<vec, 32x256xi8>",
    "one_left": "!pto.tile_buf<left, 128x128xf16, valid=1x128, slayout=row_major>",
    "one_acc": "!pto.tile_buf<acc, 128x128xf32, valid=1x128, blayout=col_major, slayout=row_major, fractal=1024>",
    "bias_row": "!pto.tile_buf<mat, 1x128xf32>",
    "scale_row": "!pto.tile_buf<mat, 1x128xui64>",
    "scales": "!pto.tile_buf<scaling, 1x128xui64>",
    "padded": "!pto.tile_buf<vec, 32x64xf32, valid=32x50, pad=1>",
    "corner": "!pto.tile_buf<vec, 32x64xf32, valid=20x50>",
}
"""Types of the operands by name: those of snippets, and more."""


def tiles(*kinds: str) -> list[str]:
    """Lines that make tiles %t0, %t1, ... of the named types."""
    return [f"%t{number} = pto.alloc_tile : {TILES[kind]}" for number, kind in enumerate(kinds)]


def op(name: str, ins: Sequence[str], out: str, more: str = "", types: str = "") -> str:
    """Lines of one operation, every operand a tile of its own; `more` and `types` are its further operands."""
    operands = ", ".join(f"%t{number}" for number in range(len(ins)))
    kinds = ", ".join(TILES[kind] for kind in ins)
    last = len(ins)
    call = f"pto.{name} ins({operands}{more} : {kinds}{types}) outs(%t{last} : {TILES[out]})"
    return "\n".join([*tiles(*ins, out), call])


def slice_of(rows: int, cols: int, pitch: int, dtype: str = "f32", pointer: str = "%p") -> str:
    """Lines that make %g, [rows, cols] at the second row of rows that are `pitch` elements apart."""
    view, part = f"!pto.tensor_view<?x{pitch}x{dtype}>", f"!pto.partition_tensor_view<{rows}x{cols}x{dtype}>"
    return "\n".join(
        [
            *(f"%k{value} = arith.constant {value} : index" for value in sorted({rows, cols, pitch})),
            f"%w = pto.make_tensor_view {pointer}, shape = [%n, %k{pitch}], strides = [%k{pitch}, %c1] : {view}",
            f"%g = pto.partition_view %w, offsets = [%c1, %c0], sizes = [%k{rows}, %k{cols}] : {view} -> {part}",
        ]
    )


def transfer(name: str, kind: str, rows: int, cols: int, dtype: str = "f32", pointer: str = "%p") -> str:
    """Lines of a TLOAD into, or a TSTORE from, a tile of type `kind`."""
    part = f"%g : !pto.partition_tensor_view<{rows}x{cols}x{dtype}>"
    tile = f"%t0 : {TILES[kind]}"
    ins, outs, kinds = (part, tile, [kind]) if name != "tstore" and name != "tstore_fp" else (tile, part, [kind])
    if name == "tstore_fp":
        ins, kinds = f"%t0, %t1 : {TILES[kind]}, {TILES['scales']}", [kind, "scales"]
    lines = [slice_of(rows, cols, 2 * cols, dtype, pointer), *tiles(*kinds), f"pto.{name} ins({ins}) outs({outs})"]
    return "\n".join(lines)


VECTOR = {
    **{
        name.replace(".", "_"): use_of(op.ROW, apart=True)
        for name, op in VECTOR_OPS.items()
        if name != "tfillpad_inplace"
    },
    "tcvt": op("tcvt", ["vec"], "half"),
    "tcvt_scratch": op("tcvt", ["half"], "bytes"),
    "tmov_vec": op("tmov", ["vec"], "vec"),
    "textract_vec": op("textract", ["vec"], "narrow", ", %c0, %c128", ", index, index"),
    "tload": transfer("tload", "vec", 32, 256),
    "tstore": transfer("tstore", "vec", 32, 256),
    "window": "\n".join(
        [
            *tiles("vec"),
            "%u = pto.subview %t0[%c8, %c128] sizes [8, 128] : " + f"{TILES['vec']} -> !pto.tile_buf<vec, 8x128xf32>",
            "pto.texp ins(%u : !pto.tile_buf<vec, 8x128xf32>) outs(%u : !pto.tile_buf<vec, 8x128xf32>)",
        ]
    ),
    "tci": "%t0 = pto.alloc_tile : !pto.tile_buf<vec, 1x64xi32>\n%w = arith.constant 3 : i32\n"
    "pto.tci ins(%w : i32) outs(%t0 : !pto.tile_buf<vec, 1x64xi32>)",
    "tcolsum_tree": "%t0 = pto.alloc_tile : !vec\n%t1 = pto.alloc_tile : !vec\n%t2 = pto.alloc_tile : !cols\n"
    "pto.tcolsum ins(%t0, %t1 {isBinary = true} : !vec, !vec) outs(%t2 : !cols)",
    "row_and_tile": op("trowexpandsub", ["rows", "vec"], "vec"),
    "axpy_wide": "%t0 = pto.alloc_tile : !half\n%t1 = pto.alloc_tile : !vec\n%w = arith.constant 3.0 : f16\n"
    "pto.taxpy ins(%t0, %w : !half, f16) outs(%t1 : !vec)",
    "root_in_scratch": op("trsqrt", ["vec", "vec"], "vec"),
    "row_values_in_scratch": "%t0 = pto.alloc_tile : !vec\n%t1 = pto.alloc_tile : !rows\n"
    "%t2 = pto.alloc_tile : !vec\npto.trowexpandsub ins(%t0, %t1, %t2 : !vec, !rows, !vec) outs(%t0 : !vec)",
    "reshape": "\n".join(
        [
            *tiles("rows", "flat"),
            f"%u = pto.treshape %t0 : {TILES['rows']} -> {TILES['flat']}",
            f"pto.texp ins(%u : {TILES['flat']}) outs(%t1 : {TILES['flat']})",
        ]
    ),
    "scalars": "%y = pto.load_scalar %p[%c2] : !pto.ptr<f32> -> f32\n"
    "%r = pto.addptr %p, %c32 : !pto.ptr<f32> -> !pto.ptr<f32>\n"
    "pto.store_scalar %y, %r[%c1] : !pto.ptr<f32>, f32",
    "tprefetch": transfer("tprefetch", "vec", 32, 256),
    "tprint": "\n".join([*tiles("vec"), f"pto.tprint ins(%t0 : {TILES['vec']})"]),
}
"""Bodies of functions for the vector core."""

CUBE = {
    "load_nd": load_mat("nd", "mat"),
    "load_dn": load_mat("dn", "matt"),
    "store_acc": transfer("tstore", "acc", 128, 128),
    "store_narrowed": transfer("tstore", "acc", 128, 128, "f16", "%h"),
    "tmov_left": op("tmov", ["mat"], "left"),
    "tmov_right": op("tmov", ["matt"], "right"),
    "textract": op("textract", ["mat"], "left", ", %c0, %c0", ", index, index"),
    "tmov_scales": op("tmov", ["scale_row"], "scales"),
    "tmov_relu": op("tmov", ["acc"], "mat") + " {reluPreMode = #pto<relu_pre_mode normal_relu>}",
    "textract_acc": op("textract", ["acc"], "mat", ", %c0, %c0", ", index, index"),
    "tmov_fp": op("tmov.fp", ["acc", "scales"], "mat"),
    "textract_fp": op("textract_fp", ["acc", "scales"], "mat", ", %c0, %c0", ", index, index"),
    "tinsert_fp": op("tinsert_fp", ["acc", "scales"], "mat", ", %c0, %c0", ", index, index"),
    "tstore_fp": transfer("tstore_fp", "acc", 128, 128, "f16", "%h"),
    "tmatmul_phase": op("tmatmul", ["left", "right"], "acc") + " {accPhase = #pto<acc_phase final>}",
    "tgemv": op("tgemv", ["one_left", "right"], "one_acc"),
    "tgemv_acc": op("tgemv.acc", ["one_acc", "one_left", "right"], "one_acc"),
    "tgemv_bias": op("tgemv.bias", ["one_left", "right", "bias"], "one_acc"),
    "tmatmul": op("tmatmul", ["left", "right"], "acc"),
    "tmatmul_acc": op("tmatmul.acc", ["acc", "left", "right"], "acc"),
    "tmatmul_bias": op("tmatmul.bias", ["left", "right", "bias"], "acc"),
}
"""Bodies of functions for the cube core."""

PARTLY_VALID = {
    "load_corner": transfer("tload", "corner", 20, 50),
    "load_padded": transfer("tload", "padded", 32, 50),
    "copy_corner": op("tmov", ["corner"], "corner"),
}
"""Bodies for the vector core whose tiles are not valid everywhere: the dialect speaks of all their bytes."""

SLOT = 131072
"""Bytes of a FIFO's slot."""


def hand_over(producing: bool, dir_mask: int, name: str) -> str:
    """Lines of one side of a FIFO."""
    steps = ("talloc", "tpush") if producing else ("tpop", "tfree")
    entry = "e" if name == "pipe" else f"{name}_e"
    lines = fifo(dir_mask, slot_size=SLOT, flag_base=2 * (dir_mask - 1), name=name)
    return lines + "\n".join(f"pto.{step}(%{entry}, %{name} : !entry, !pto.pipe) {{split = 1}}" for step in steps)


FIFO_CUBE = hand_over(True, 1, "pipe") + "\n" + hand_over(False, 2, "back")
FIFO_VECTOR = hand_over(False, 1, "pipe") + "\n" + hand_over(True, 2, "back")
"""Both directions: the cube pushes to the vector cores, which push to the cube."""

PARAMETERS = "%p: !pto.ptr<f32>, %h: !pto.ptr<f16>, %ffts: memref<256xi64>, %n: index, %m: i64, %x: f32, %b: i1"


def module_text() -> str:
    """One entry per case, and one with FIFOs that calls a function for each kind of core."""
    aliases = [f"!{name} = {text}" for name, text in ALIASES.items()]
    parts = [_function(name, body, "vector", entry=True) for name, body in {**VECTOR, **PARTLY_VALID, **PARTS}.items()]
    parts += [_function(name, body, "cube", entry=True) for name, body in CUBE.items()]
    parts += [_function("f_cube", FIFO_CUBE, "cube"), _function("f_vector", FIFO_VECTOR, "vector")]
    names = ", ".join(parameter.split(":")[0] for parameter in PARAMETERS.split(", "))
    types = ", ".join(parameter.split(": ")[1] for parameter in PARAMETERS.split(", "))
    calls = "\n".join(f"func.call @f_{kind}({names}) : ({types}) -> ()" for kind in ("cube", "vector"))
    parts.append(f"func.func @fifos({PARAMETERS}) attributes {{pto.entry}} {{\n{calls}\nfunc.return\n}}")
    return "\n".join([*aliases, *parts])


def _function(name: str, body: str, kind: str, *, entry: bool = False) -> str:
    text = snippet(body, kind)
    text = text[text.index("func.func") :].replace("@f(", f"@{name}(", 1)
    return text.replace("attributes {", "attributes {pto.entry, ", 1) if entry else text
