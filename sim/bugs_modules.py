"""Faulty modules: what the verifier or a pass of the assembler must refuse.

Vector functions have tiles `%a`, `%b`, `%c` of type `!t` (fp32 [16, 64]), `%h` of `!h` (the same in fp16), `%r` of `!r`
(a value per row), and the slices `%gx` and `%gy` of type `!s` at the beginning of x and y.
"""

from __future__ import annotations

from sim.bugs_case import Case, Check, Language

V, A = Check.VERIFIER, Check.ASSEMBLER

HEAD = """
!t = !pto.tile_buf<vec, 16x64xf32>
!h = !pto.tile_buf<vec, 16x64xf16>
!r = !pto.tile_buf<vec, 16x1xf32, blayout=col_major>
!quarter = !pto.tile_buf<vec, 4x64xf32>
!huge = !pto.tile_buf<vec, 256x128xf32>
!huge_v = !pto.tensor_view<256x128xf32>
!huge_s = !pto.partition_tensor_view<256x128xf32>
!v = !pto.tensor_view<16x64xf32>
!s = !pto.partition_tensor_view<16x64xf32>
!quarter_s = !pto.partition_tensor_view<4x64xf32>
!entry = !pto.tensor_view<16x64xf16>
!entry_s = !pto.partition_tensor_view<16x64xf16>
!slot = !pto.tensor_view<32x64xf16>
!slot_s = !pto.partition_tensor_view<32x64xf16>
!m = !pto.tile_buf<mat, 32x64xf16, blayout=col_major, slayout=row_major>
!m8 = !pto.tile_buf<mat, 32x64xi8, blayout=col_major, slayout=row_major>
!acc = !pto.tile_buf<acc, 16x64xf32, blayout=col_major, slayout=row_major, fractal=1024>
"""
"""Types of all modules."""

SIGNATURE = "%x: !pto.ptr<f32>, %y: !pto.ptr<f32>, %n: i64, %slots: !pto.ptr<f16>"
ARGUMENTS = "(%x, %y, %n, %slots) : (!pto.ptr<f32>, !pto.ptr<f32>, i64, !pto.ptr<f16>) -> ()"
SIZES = "\n".join(f"%c{value} = arith.constant {value} : index" for value in (0, 1, 2, 4, 16, 32, 64))
TILES = "\n".join(f"%{name} = pto.alloc_tile : !{kind}" for name, kind in zip("abchr", "ttthr", strict=True))
VIEWS = "\n".join(
    f"%v{name} = pto.make_tensor_view %{name}, shape = [%c16, %c64], strides = [%c64, %c1] : !v\n"
    f"%g{name} = pto.partition_view %v{name}, offsets = [%c0, %c0], sizes = [%c16, %c64] : !v -> !s"
    for name in "xy"
)
LOAD = "pto.tload ins(%gx : !s) outs(%a : !t)"
EXP = "pto.texp ins(%a : !t) outs(%b : !t)"
STORE = "pto.tstore ins(%b : !t) outs(%gy : !s)"
ONE = "%one = arith.constant 1.0 : f32"
PEEK = "%l = pto.load_scalar %y[%c0] : !pto.ptr<f32> -> f32"
SET = "pto.store_scalar %one, %y[%c0] : !pto.ptr<f32>, f32"


def once(body: str) -> str:
    """Return lines that vector core 0 executes, and the other one does not."""
    zero = "%zero = arith.constant 0 : i64\n%core = pto.get_subblock_idx"
    return f"{zero}\n%is_first = arith.cmpi eq, %core, %zero : i64\nscf.if %is_first {{\n{body}\n}}"


def section(body: str, core: str = "vector") -> str:
    """Return a section of one core."""
    return f"pto.section.{core} {{\n{body}\n}}"


def entry(body: str) -> str:
    """Return the function that is launched."""
    return f"func.func @NAME({SIGNATURE}) attributes {{pto.entry}} {{\n{SIZES}\n{body}\nfunc.return\n}}"


def module(name: str, check: Check, reason: str, text: str) -> Case:
    """Return a case of whole functions."""
    return Case(name, check, reason, text, language=Language.MLIR)


def vector(name: str, check: Check, reason: str, body: str) -> Case:
    """Return a case of one vector function."""
    text = entry(section(once(f"{TILES}\n{VIEWS}\n{body}")))
    return module(name, check, reason, text)


RINGS = {
    kind: f"%ring = pto.make_tensor_view %slots, shape = [{rows}, %c64], strides = [%c64, %c1] : {slots}"
    for kind, rows, slots in (("vector", "%c16", "!entry"), ("cube", "%c32", "!slot"))
}
"""Line that makes what a FIFO of `%slots` is made of, by core: the type is that of the core's entries."""


def pipe(name: str = "p", base: int = 0, slots: int = 8, direction: int = 2) -> str:
    """Return the line that makes a FIFO; `RING` stands for the type of the core's entries."""
    return (
        f'%{name} = "pto.initialize_l2g2l_pipe"(%ring) <{{dir_mask = {direction} : i8, slot_size = 4096 : i32, '
        f"slot_num = {slots} : i32, flag_base = {base} : i32, operandSegmentSizes = array<i32: 1, 0, 0>}}> "
        ": (RING) -> !pto.pipe"
    )


FILL = f"{TILES}\n{VIEWS}\n{LOAD}\npto.tcvt ins(%a : !t) outs(%h : !h)"
ALLOC = "pto.talloc(%e, %p : !entry, !pto.pipe) {split = 1}"
PART = "%part = pto.partition_view %e, offsets = [%c0, %c0], sizes = [%c16, %c64] : !entry -> !entry_s"
PUT = "pto.tstore ins(%h : !h) outs(%part : !entry_s)"
PUSH = "pto.tpush(%e, %p : !entry, !pto.pipe) {split = 1}"
POP = "pto.tpop(%f, %p : !slot, !pto.pipe) {split = 1}"
FREE = "pto.tfree(%f, %p : !slot, !pto.pipe) {split = 1}"
TAKE = (
    "%got = pto.partition_view %f, offsets = [%c0, %c0], sizes = [%c32, %c64] : !slot -> !slot_s\n"
    "pto.tload ins(%got : !slot_s) outs(%mat : !m)"
)
MAT = "%mat = pto.alloc_tile : !m"
PRODUCE = f"{FILL}\n{ALLOC}\n{PART}\n{PUT}\n{PUSH}"
CONSUME = f"{POP}\n{TAKE}\n{FREE}"


def fifo(
    name: str,
    check: Check,
    reason: str,
    *,
    produce: str = PRODUCE,
    consume: str = CONSUME,
    pipes: tuple[str, str] = (pipe(), pipe()),
) -> Case:
    """Return a case whose vector cores push to its cube core: two functions, and an entry that calls them."""
    bodies = {
        "vector": f"{pipes[0].replace('RING', '!entry')}\n%e = pto.declare_global -> !entry\n{produce}",
        "cube": f"{pipes[1].replace('RING', '!slot')}\n%f = pto.declare_global -> !slot\n{MAT}\n{consume}",
    }
    functions = [
        f"func.func @NAME_{kind}({SIGNATURE}) attributes {{pto.kernel_kind = #pto.kernel_kind<{kind}>}} {{\n"
        f"{SIZES}\n{RINGS[kind]}\n{body}\nfunc.return\n}}"
        for kind, body in bodies.items()
    ]
    text = "\n".join([*functions, entry("\n".join(f"func.call @NAME_{kind}{ARGUMENTS}" for kind in bodies))])
    return module(name, check, reason, text)


def _either(faulty: str, mended: str) -> str:
    return f"-{faulty}\n+{mended}"


def _row_max(tmp: str, kind: str = "t") -> str:
    return f"pto.trowmax ins(%a, %{tmp} : !t, !{kind}) outs(%r : !r)"


def _cube(body: str) -> str:
    return entry(section(body, "cube"))


VERIFIED = (
    vector(
        "scratch is the source", V, "tmp is overwritten while src", f"{LOAD}\n{_either(_row_max('a'), _row_max('c'))}"
    ),
    vector(
        "scratch smaller than the source",
        V,
        "the device overwrites",
        f"%small = pto.alloc_tile : !quarter\n{LOAD}\n{_either(_row_max('small', 'quarter'), _row_max('c'))}",
    ),
    vector(
        "conversion that the device lacks",
        V,
        "the device has no conversion from f16 to bf16",
        "%k = pto.alloc_tile : !pto.tile_buf<vec, 16x64xbf16>\n"
        f"{LOAD}\npto.tcvt ins(%a : !t) outs(%h : !h)\n"
        "-pto.tcvt ins(%h : !h) outs(%k : !pto.tile_buf<vec, 16x64xbf16>)\n"
        "+pto.tcvt ins(%a : !t) outs(%k : !pto.tile_buf<vec, 16x64xbf16>)",
    ),
    vector(
        "reciprocal in place",
        V,
        "dst must be another tile than src",
        f"{LOAD}\n{_either('pto.trecip ins(%a : !t) outs(%a : !t)', 'pto.trecip ins(%a : !t) outs(%b : !t)')}",
    ),
    vector(
        "operands of two types",
        V,
        "must",
        f"{LOAD}\npto.tcvt ins(%a : !t) outs(%h : !h)\n"
        + _either("pto.tadd ins(%a, %h : !t, !h) outs(%b : !t)", "pto.tadd ins(%a, %a : !t, !t) outs(%b : !t)"),
    ),
    vector(
        "window outside of its tile",
        V,
        "reach outside the tile's 16",
        f"{LOAD}\n-%w = pto.subview %a[%c16, %c0] sizes [4, 64] : !t -> !quarter\n"
        "+%w = pto.subview %a[%c4, %c0] sizes [4, 64] : !t -> !quarter\n"
        "pto.texp ins(%w : !quarter) outs(%w : !quarter)",
    ),
    vector(
        "slice of another size than the tile",
        V,
        "must agree with the tile's valid shape",
        "%few = pto.partition_view %vx, offsets = [%c0, %c0], sizes = [%c4, %c64] : !v -> !quarter_s\n"
        + _either("pto.tload ins(%few : !quarter_s) outs(%a : !t)", LOAD),
    ),
    vector("tile of the other core", V, "the vector core has no L1", f"-%mat = pto.alloc_tile : !m\n{LOAD}"),
    module(
        "accumulator moved to L1 as int8",
        V,
        "without a scale",
        _cube(
            "%l = pto.alloc_tile : !pto.tile_buf<left, 16x64xf16, blayout=row_major, slayout=row_major>\n"
            "%w = pto.alloc_tile : !pto.tile_buf<right, 64x64xf16, blayout=row_major, slayout=col_major>\n"
            "%acc = pto.alloc_tile : !acc\n%i = pto.alloc_tile : !m8\n"
            "-pto.tmov ins(%acc : !acc) outs(%i : !m8)"
        ),
    ),
    module(
        "rows too far apart for a load into L1",
        V,
        "takes a stride of at most 65535",
        _cube(
            "%far = arith.constant 65536 : index\n%mat = pto.alloc_tile : !m\n"
            "-%view = pto.make_tensor_view %slots, shape = [%c32, %c64], strides = [%far, %c1] : !slot\n"
            "+%view = pto.make_tensor_view %slots, shape = [%c32, %c64], strides = [%c64, %c1] : !slot\n"
            "%part = pto.partition_view %view, offsets = [%c0, %c0], sizes = [%c32, %c64] : !slot -> !slot_s\n"
            "pto.tload ins(%part : !slot_s) outs(%mat : !m)"
        ),
    ),
    module(
        "value used before it is defined",
        V,
        "used before it is defined",
        entry(
            section(
                once(
                    f"-%d = arith.addi %e, %c1 : index\n%e = arith.addi %c2, %c1 : index\n"
                    f"+%d = arith.addi %e, %c1 : index\n{ONE}\npto.store_scalar %one, %y[%d] : !pto.ptr<f32>, f32"
                )
            )
        ),
    ),
    fifo(
        "FIFO filled by the core that empties it",
        V,
        "the cube core fills this FIFO, the vector core has tpop and tfree",
        pipes=(_either(pipe(direction=1), pipe()), pipe()),
    ),
    fifo("FIFO of five slots", V, "does not divide slot_num = 5", pipes=(_either(pipe(slots=5), pipe()),) * 2),
    fifo(
        "flags of another FIFO",
        V,
        "give each FIFO two flags of its own",
        pipes=(f"{pipe()}\n{_either(pipe('o', 1), pipe('o', 2))}", pipe()),
    ),
    fifo("flags that SYNCALL takes", V, "SYNCALL", pipes=(_either(pipe(base=12), pipe()),) * 2),
    fifo("two entries popped at a time", V, "tfree first", consume=f"{POP}\n-{POP}\n{TAKE}\n{FREE}"),
    fifo(
        "entry loaded when it is freed", V, "belongs to the other core here", consume=f"{POP}\n-{FREE}\n{TAKE}\n+{FREE}"
    ),
    fifo(
        "entry stored when it is pushed",
        V,
        "belongs to the other core here",
        produce=f"{FILL}\n{ALLOC}\n{PART}\n-{PUSH}\n{PUT}\n+{PUSH}",
    ),
    fifo("push without an entry", V, "no entry to push", produce=f"{PRODUCE}\n-{PUSH}"),
    fifo(
        "ends of a FIFO that split differently",
        V,
        "does not split",
        consume=f"{POP}\n{TAKE}\n{_either(FREE.replace('split = 1', 'split = 0'), FREE)}",
    ),
    fifo("entry never freed", V, "never freed", consume=f"{POP}\n{TAKE}\n+{FREE}"),
    fifo("entry freed twice", V, "no entry to free", consume=f"{CONSUME}\n-{FREE}"),
    vector(
        "flag between cores without the unit that keeps it",
        V,
        "must give the base of the flags between cores",
        f"{LOAD}\n-pto.sync.set <PIPE_MTE2>, 3\n{EXP}",
    ),
)
"""What rules of one operation, or of operations that belong together, refuse."""


_OUT = (
    "%o = pto.make_tensor_view %y, shape = [%c16, %c64], strides = [%c64, %c1] : !v\n"
    "%os = pto.partition_view %o, offsets = [%c0, %c0], sizes = [%c16, %c64] : !v -> !s"
)
_USE = section(once(f"{TILES}\n{VIEWS}\n{LOAD}\n{EXP}\n{STORE}"))

PASSES = (
    module("operation outside of the sections", A, "stands outside of the sections", entry(f"{ONE}\n-{SET}\n{_USE}")),
    module(
        "scalar read outside of the sections that write it",
        A,
        "stands outside of the sections",
        entry(_either(PEEK, PEEK.replace("%y", "%x")) + f"\n{_USE}"),
    ),
    module(
        "section in a loop",
        A,
        "knows sections at the top of a function only",
        entry(
            f"-scf.for %i = %c0 to %c2 step %c1 {{\n{_USE}\n-}}\n"
            + section(once(f"{ONE}\n{SET.replace('%c0', '%c1')}"))
        ),
    ),
    module(
        "cube stores what vector loads",
        A,
        "the vector core uses global memory that the cube core writes",
        entry(
            f"{_OUT}\n"
            + section("%q = pto.alloc_tile : !acc\n-pto.tstore ins(%q : !acc) outs(%os : !s)", "cube")
            + "\n"
            + _USE
        ),
    ),
    module(
        "function of the cube core and one of the vector cores",
        A,
        "the vector core uses global memory that the cube core writes",
        f"func.func @NAME_c({SIGNATURE}) attributes {{pto.kernel_kind = #pto.kernel_kind<cube>}} {{\n{SIZES}\n{_OUT}\n"
        "%q = pto.alloc_tile : !acc\n-pto.tstore ins(%q : !acc) outs(%os : !s)\nfunc.return\n}\n"
        f"func.func @NAME_v({SIGNATURE}) attributes {{pto.kernel_kind = #pto.kernel_kind<vector>}} {{\n{SIZES}\n"
        + once(f"{TILES}\n{VIEWS}\n{LOAD}")
        + "\nfunc.return\n}\n"
        + entry(f"func.call @NAME_c{ARGUMENTS}\nfunc.call @NAME_v{ARGUMENTS.replace('%x, %y', '%y, %x', 1)}"),
    ),
    module(
        "cube reads a scalar that vector stores",
        A,
        "uses global memory that the",
        entry(section(once(f"{ONE}\n{SET}")) + "\n" + section(_either(PEEK, PEEK.replace("%y", "%x")), "cube")),
    ),
    vector(
        "more tiles than UB holds",
        A,
        "local memory allocation failed: UB has",
        "%c128 = arith.constant 128 : index\n%c256 = arith.constant 256 : index\n"
        "%all = pto.make_tensor_view %x, shape = [%c256, %c128], strides = [%c128, %c1] : !huge_v\n"
        "%every = pto.partition_view %all, offsets = [%c0, %c0], sizes = [%c256, %c128] : !huge_v -> !huge_s\n"
        "%t1 = pto.alloc_tile : !huge\n%t2 = pto.alloc_tile : !huge\n"
        "pto.tload ins(%every : !huge_s) outs(%t1 : !huge)\n+pto.texp ins(%t1 : !huge) outs(%t1 : !huge)\n"
        "pto.tload ins(%every : !huge_s) outs(%t2 : !huge)\n-pto.tadd ins(%t1, %t2 : !huge, !huge) outs(%t2 : !huge)\n"
        "+pto.texp ins(%t2 : !huge) outs(%t2 : !huge)",
    ),
    vector(
        "windows of one tile",
        A,
        "dst lies over an operand",
        f"{LOAD}\n%w = pto.subview %a[%c0, %c0] sizes [4, 64] : !t -> !quarter\n"
        "-%d = pto.subview %a[%c2, %c0] sizes [4, 64] : !t -> !quarter\n"
        "+%d = pto.subview %a[%c4, %c0] sizes [4, 64] : !t -> !quarter\n"
        "pto.tabs ins(%w : !quarter) outs(%d : !quarter)",
    ),
)
"""What memory planning or synchronisation refuses: the fault shows in the whole module only."""
