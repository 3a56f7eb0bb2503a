"""The pass on modules: what it separates, orders through GM, and refuses."""

import re

import pytest

from ptodsl import pto, tile
from ptodsl.dialect import BarrierOp, TileBufType, element_type
from ptodsl.dialect.testing import snippet
from ptodsl.module import ModuleBuilder
from ptodsl.printing import module_text
from tools.ptoas.assemble import Options, Sync, assemble, assemble_with_origins
from tools.ptoas.diagnostics import AssemblerError
from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.insert_sync.long_modules import nested_loops
from tools.ptoas.insert_sync.random_kernels import COLS, ROWS, SUBBLOCKS
from tools.ptoas.insert_sync.random_modules import PARAMETERS as PARAMETER_TYPES
from tools.ptoas.insert_sync.random_modules import Fifo
from tools.ptoas.plan_memory import plan_memory

LOAD = "pto.tload ins(%slice : !slice) outs(%vec : !vec)"
STORE = "pto.tstore ins(%vec : !vec) outs(%slice : !slice)"
PARAMETERS = "%p: !pto.ptr<f32>, %h: !pto.ptr<f16>, %ffts: memref<256xi64>, %n: index, %m: i64, %x: f32, %b: i1"
TYPES = "!pto.ptr<f32>, !pto.ptr<f16>, memref<256xi64>, index, i64, f32, i1"


def assembled(text: str) -> list[str]:
    """Statements of the C++ of `text`, by their first word."""
    lines = assemble(text, "a.mlir", Options(Sync.INSERT)).splitlines()
    return [re.split(r"[(\s;]", line.strip())[0] for line in lines]


def entry(*callees: str) -> str:
    """An entry that calls functions of a snippet's signature in turn."""
    calls = [f"func.call @{name}(%p, %h, %ffts, %n, %m, %x, %b) : ({TYPES}) -> ()" for name in callees]
    return "\n".join(["", f"func.func @run({PARAMETERS}) attributes {{pto.entry}} {{", *calls, "func.return", "}"])


def functions(**kinds: str) -> str:
    """Functions that load a tile, by name and kind of core; only the first has the type aliases."""
    texts = [snippet(LOAD, kind).replace("@f(", f"@{name}(") for name, kind in kinds.items()]
    return "\n".join([texts[0], *(text[text.index("func.func") :] for text in texts[1:])])


def calls_and_barriers(words: list[str], *names: str) -> list[str]:
    """What the entry does: its calls, and the barriers before its tail."""
    body = words[len(words) - 1 - words[::-1].index("extern") :]
    return [word for word in body if word in (*names, "pipe_barrier")]


def test_two_functions_of_one_core_are_separated() -> None:
    words = assembled(functions(first="vector", second="vector") + entry("first", "second"))
    assert calls_and_barriers(words, "first", "second") == ["pipe_barrier", "first", "pipe_barrier", "second"]


def test_one_function_called_twice_is_separated() -> None:
    words = assembled(functions(first="vector") + entry("first", "first"))
    assert calls_and_barriers(words, "first") == ["pipe_barrier", "first", "pipe_barrier", "first"]


def test_a_single_call_needs_nothing() -> None:
    words = assembled(functions(first="vector") + entry("first"))
    assert calls_and_barriers(words, "first") == ["first"]


def test_a_load_of_what_was_stored_waits_for_the_store() -> None:
    words = assembled(snippet(f"{LOAD}\n{STORE}\n{LOAD}"))
    ops = [word for word in words if word in ("TLOAD", "TSTORE", "set_flag", "wait_flag")]
    assert ops == ["TLOAD", "set_flag", "wait_flag", "TSTORE", "set_flag", "wait_flag", "TLOAD"]


@pytest.mark.parametrize(
    ("other", "ordered"),
    [
        ("pto.trowexpandsub ins(%vec, %rows : !vec, !rows) outs(%vec : !vec)", True),
        ("pto.textract ins(%vec, %c0, %c0 : !vec, index, index) outs(%vec : !vec)", True),
        ("pto.trowexpand ins(%rows : !rows) outs(%vec : !vec)", False),
        ("pto.tcolexpandsub ins(%vec, %cols : !vec, !cols) outs(%vec : !vec)", False),
    ],
)
def test_operations_that_share_the_scratch_of_the_library_are_ordered(other: str, ordered: bool) -> None:
    """They share no tile that one of them writes."""
    multiply = "pto.trowexpandmul ins(%narrow, %rows : !narrow, !rows) outs(%narrow : !narrow)"
    words = assembled(snippet(multiply + "\n" + other))
    first = words.index("TROWEXPANDMUL")
    assert ("pipe_barrier" in words[first : first + 3]) == ordered


def flags(text: str) -> list[str]:
    """Flags and barriers of the C++ of `text`."""
    lines = assemble(text, "a.mlir", Options(Sync.INSERT)).splitlines()
    return [line.strip() for line in lines if re.match(r"\s*(set_flag|wait_flag|pipe_barrier)", line)]


def test_flags_of_the_program_stay_and_keep_their_ids() -> None:
    own = "[<PIPE_MTE2>, <PIPE_MTE3>, <EVENT_ID0>]"
    assert flags(snippet(f"{LOAD}\npto.set_flag{own}\npto.wait_flag{own}\n{STORE}")) == [
        "set_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID1);",
        "set_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);",
        "wait_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);",
        "wait_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID1);",
    ]


def test_a_computed_flag_of_the_program_may_have_any_id() -> None:
    own = "[<PIPE_MTE2>, <PIPE_MTE3>, %n]"
    found = flags(snippet(f"{LOAD}\npto.set_flag_dyn {own}\npto.wait_flag_dyn {own}\n{STORE}"))
    assert [re.sub(r"v\d+", "n", line) for line in found] == [
        "set_flag(PIPE_MTE2, PIPE_MTE3, n);",
        "wait_flag(PIPE_MTE2, PIPE_MTE3, n);",
        "pipe_barrier(PIPE_ALL);",
    ]


def round_trip(*, calls: int = 1, loops: bool = False, with_vector: bool = True) -> list[str]:
    """Flags from MTE1 to MTE2 in a cube function that pushes, pops the answer and loads again."""
    module = ModuleBuilder()
    shape = [SUBBLOCKS * ROWS, COLS]
    with module.function("cube_kernel", PARAMETER_TYPES, kernel="cube") as arguments:
        out, back = (Fifo.open(arguments, number, shape[0]) for number in (0, 1))
        mat = pto.alloc_tile(pto.TileBufType(shape, pto.float16, "MAT"))
        left, right = (pto.alloc_tile(pto.TileBufType(shape, pto.float16, loc)) for loc in ("LEFT", "RIGHT"))
        acc = pto.alloc_tile(pto.TileBufType(shape, pto.float32, "ACC"))
        a = pto.as_tensor(ptr=arguments["a"], shape=shape, strides=[COLS, 1])
        pto.load(pto.slice_view(source=a, offsets=[0, 0], sizes=shape), mat)
        for operand in (left, right):
            tile.mov(mat, operand)
        tile.matmul(left, right, acc)
        out.put(acc)
        back.take(mat)
    functions = [arguments.function]
    if with_vector:
        with module.function("vector_kernel", PARAMETER_TYPES, kernel="vector") as arguments:
            out, back = (Fifo.open(arguments, number, ROWS) for number in (0, 1))
            taken = pto.alloc_tile(pto.TileBufType([ROWS, COLS], pto.float32))
            returned = pto.alloc_tile(pto.TileBufType([ROWS, COLS], pto.float16))
            out.take(taken)
            tile.cvt(taken, returned)
            back.put(returned)
        functions.append(arguments.function)
    with module.function("run", {"ffts": pto.ffts_type, **PARAMETER_TYPES}) as arguments:
        ffts, *rest = arguments
        pto.set_ffts(ffts)
        for _ in pto.range(0, 2) if loops else range(calls):
            for function in functions:
                pto.call(function, *rest)
    cpp = assemble(module_text(module.finish()), "a.mlir", Options(Sync.INSERT))
    return re.findall(r"set_flag\(PIPE_MTE1, PIPE_MTE2, \w+\)", cpp)


def test_an_answer_of_the_other_core_saves_a_flag() -> None:
    assert len(round_trip()) == 0


def test_signals_are_not_counted_over_several_calls() -> None:
    assert len(round_trip(calls=2)) == 1
    assert len(round_trip(loops=True)) == 1


def test_signals_are_not_counted_without_the_other_core() -> None:
    assert len(round_trip(with_vector=False)) == 1


VEC = TileBufType.of((32, 32), element_type("f32"), "vec")
BIG = TileBufType.of((256, 128), element_type("f32"), "vec")
ACC = TileBufType.of((32, 32), element_type("f32"), "acc")


def kernel(*lines: str, arguments: str = "%p: !pto.ptr<f32>, %q: !pto.ptr<f32>, %b: i1", attributes: str = "") -> str:
    """A function around lines that may use `%x` and `%y`, views of `%p` and `%q`."""
    view, slice_ = "!pto.tensor_view<32x32xf32>", "!pto.partition_tensor_view<32x32xf32>"
    views = [
        f"%v{name} = pto.make_tensor_view %{name}, shape = [%c32, %c32], strides = [%c32, %c1] : {view}\n"
        f"%{name}s = pto.partition_view %v{name}, offsets = [%c0, %c0], sizes = [%c32, %c32] : {view} -> {slice_}"
        for name in ("p", "q", "r")
        if f"%{name}s" in "\n".join(lines)
    ]
    constants = [f"%c{value} = arith.constant {value} : index" for value in (0, 1, 32)]
    body = "\n".join(lines)
    if "%r" in body:
        constants.append("%r = arith.select %b, %p, %q : !pto.ptr<f32>")
    head = f"func.func @f({arguments}) attributes {{pto.entry{attributes}}} {{"
    return "\n".join([f"!vec = {VEC}", f"!acc = {ACC}", head, *constants, *views, body, "func.return", "}"])


def load(name: str) -> str:
    """A load of all of `%p`, `%q`, or of `%r`, which is one of the two."""
    return f"pto.tload ins(%{name}s : !pto.partition_tensor_view<32x32xf32>) outs(%t : !vec)"


def store(name: str) -> str:
    """A store."""
    return f"pto.tstore ins(%t : !vec) outs(%{name}s : !pto.partition_tensor_view<32x32xf32>)"


TILE = "%t = pto.alloc_tile : !vec"


def vector_section(*lines: str) -> str:
    """A section of the vector cores."""
    return "\n".join(["pto.section.vector {", *lines, "}"])


def synchronised(text: str) -> list[str]:
    """Operations of the entry that work on memory or synchronise, in order."""
    words = assembled(text)
    shown = ("TLOAD", "TSTORE", "TEXP", "set_flag", "wait_flag", "pipe_barrier")
    return [word for word in words[words.index("extern") :] if word in shown]


def test_two_sections_of_one_core_are_one_program() -> None:
    # Nothing but the global tensor connects the sections.
    text = kernel(vector_section(TILE, store("p")), "%n = arith.addi %c1, %c1 : index", vector_section(TILE, load("p")))
    assert synchronised(text) == ["TSTORE", "set_flag", "wait_flag", "TLOAD"]


def test_tiles_of_two_sections_may_share_bytes() -> None:
    # Each section's tile fills most of UB, so that both get the same bytes.
    big = "%t = pto.alloc_tile : !big"
    use = "pto.texp ins(%t : !big) outs(%t : !big)"
    text = f"!big = {BIG}\n" + kernel(vector_section(big, use), vector_section(big, use))
    assert synchronised(text) == ["TEXP", "pipe_barrier", "TEXP"]


def test_an_operation_outside_of_the_sections_is_refused() -> None:
    text = kernel(
        "pto.store_scalar %x, %p[%c0] : !pto.ptr<f32>, f32",
        vector_section(TILE, load("p")),
        arguments="%p: !pto.ptr<f32>, %x: f32",
    )
    with pytest.raises(AssemblerError, match="store_scalar: stands outside of the sections of @f"):
        assembled(text)


def test_a_scalar_that_nobody_writes_may_be_read_outside_of_the_sections() -> None:
    read = "%x = pto.load_scalar %q[%c0] : !pto.ptr<f32> -> f32"
    assert synchronised(kernel(read, vector_section(TILE, load("p")))) == ["TLOAD"]
    with pytest.raises(AssemblerError, match="load_scalar: stands outside of the sections of @f"):
        assembled(kernel(read, vector_section(TILE, load("p"), store("q"))))


def test_a_section_inside_of_a_loop_is_refused() -> None:
    text = kernel(
        "scf.for %i = %c0 to %c32 step %c1 {", vector_section(TILE, load("p")), "}", vector_section(TILE, load("p"))
    )
    with pytest.raises(AssemblerError, match="knows sections at the top of a function only"):
        assembled(text)


@pytest.mark.parametrize(("stored", "loaded"), [("p", "r"), ("r", "p"), ("r", "q"), ("r", "r"), ("p", "p")])
def test_a_selected_pointer_may_be_either_argument(stored: str, loaded: str) -> None:
    ordered = ["TSTORE", "set_flag", "wait_flag", "TLOAD"]
    assert synchronised(kernel(vector_section(TILE, store(stored), load(loaded)))) == ordered


CUBE_STORE = """pto.section.cube {
%a = pto.alloc_tile : !acc
pto.tstore ins(%a : !acc) outs(%ps : !pto.partition_tensor_view<32x32xf32>)
}"""


@pytest.mark.parametrize("use", [load("p"), store("p"), load("r")])
def test_global_memory_between_sections_of_two_cores_is_refused(use: str) -> None:
    text = kernel(CUBE_STORE, vector_section(TILE, use))
    with pytest.raises(AssemblerError, match=r"the vector core uses global memory that the cube core writes .* FIFO"):
        assembled(text)


def test_sections_of_two_cores_may_use_different_memory() -> None:
    assert synchronised(kernel(CUBE_STORE, vector_section(TILE, load("q")))) == ["TSTORE", "TLOAD"]


def test_a_core_that_loads_its_own_fifo_entry_waits_for_its_store() -> None:
    module = ModuleBuilder()
    with module.function("vector_kernel", PARAMETER_TYPES, kernel="vector") as arguments:
        back = Fifo.open(arguments, 1, ROWS)
        mine, again = (pto.alloc_tile(pto.TileBufType([ROWS, COLS], pto.float16)) for _ in range(2))
        part = pto.slice_view(source=back.entry, offsets=[0, 0], sizes=[ROWS, COLS])
        for _ in pto.range(0, 2):
            pto.talloc(back.entry, back.pipe, 1)
            pto.store(mine, part)
            pto.load(part, again)
            pto.tpush(back.entry, back.pipe, 1)
    cpp = assemble(module_text(module.finish()), "a.mlir", Options(Sync.INSERT))
    calls = re.findall(r"TLOAD|TSTORE|\w+_flag\(PIPE_\w+, PIPE_\w+", cpp)
    store = calls.index("TSTORE")
    assert calls[store : store + 4] == [
        "TSTORE",
        "set_flag(PIPE_MTE3, PIPE_MTE2",
        "wait_flag(PIPE_MTE3, PIPE_MTE2",
        "TLOAD",
    ]
    # The next store may be to the same slot.
    assert calls[store - 1] == "wait_flag(PIPE_MTE2, PIPE_MTE3"


@pytest.mark.parametrize("depth", [8, 9, 11])
def test_deep_nests_have_at_most_one_barrier_of_all_pipes(depth: int) -> None:
    module = nested_loops(depth)
    insert_sync(module, plan_memory(module))
    found = [op for op in module.walk() if isinstance(op, BarrierOp)]
    assert len(found) <= (depth > 8)


def test_a_barrier_of_all_pipes_in_a_loop_is_a_warning_at_the_line_of_the_program() -> None:
    def warnings(depth: int) -> list[str]:
        text = module_text(nested_loops(depth))
        return [str(warning) for warning in assemble_with_origins(text, "a.mlir", Options(Sync.INSERT)).warnings]

    assert warnings(2) == []
    for warning in warnings(12):
        assert re.match(
            r"a.mlir:\d+:\d+: warning: pto\.\w+: all pipes stop here in each pass of a loop: no event id is left for a "
            r"flag from \w+ to \w+, .*\n.*long_modules.py:\d+:\d+: note: pto\.\w+ comes from here",
            warning,
        )
    assert warnings(12)


WINDOW = "!pto.tile_buf<vec, 8x256xf32>"


@pytest.mark.parametrize(
    ("remainder", "from_loop", "row", "flags"),
    [
        # A loop counts from 0, and an argument may be negative: 8 - 8 is the row of the other window, 8 + 8 is not.
        ("remsi", True, 0, 0),
        ("remsi", False, 0, 2),
        ("remsi", False, 16, 2),
        ("remsi", False, 24, 0),
        # As a number without a sign a negative one is large.
        ("remui", False, 0, 0),
    ],
)
def test_a_remainder_is_negative_where_what_is_divided_may_be(
    remainder: str, from_loop: bool, row: int, flags: int
) -> None:
    body = f"""
%k = arith.{remainder} %i, %c2 : index
%m8 = arith.muli %k, %c8 : index
%at = arith.addi %m8, %c8 : index
%row = arith.constant {row} : index
%source = pto.partition_view %view, offsets = [%c0, %c0], sizes = [%c8, %c256]
  : !view -> !pto.partition_tensor_view<8x256xf32>
%one = pto.subview %vec[%at, %c0] sizes [8, 256] : !vec -> {WINDOW}
%other = pto.subview %vec[%row, %c0] sizes [8, 256] : !vec -> {WINDOW}
pto.tload ins(%source : !pto.partition_tensor_view<8x256xf32>) outs(%one : {WINDOW})
pto.tadds ins(%other, %x : {WINDOW}, f32) outs(%other : {WINDOW})
"""
    loop = f"scf.for %i = %c0 to %n step %c1 {{{body}}}"
    text = snippet(loop if from_loop else body.replace("%i", "%n"))
    found = assembled(text)
    assert found.count("set_flag") + found.count("wait_flag") == flags
