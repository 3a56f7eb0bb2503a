"""The pass on modules: what it separates, orders through GM, and refuses."""

import re

import pytest

from ptodsl import pto, tile
from ptodsl.dialect.testing import snippet
from ptodsl.module import ModuleBuilder
from ptodsl.printing import module_text
from tools.ptoas.assemble import Options, Sync, assemble
from tools.ptoas.diagnostics import AssemblerError
from tools.ptoas.insert_sync.random_kernels import COLS, ROWS, SUBBLOCKS
from tools.ptoas.insert_sync.random_modules import PARAMETERS as PARAMETER_TYPES
from tools.ptoas.insert_sync.random_modules import Fifo

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


def test_flags_of_the_program_are_refused() -> None:
    with pytest.raises(AssemblerError, match="--enable-insert-sync owns all flags"):
        assembled(snippet(f"{LOAD}\npto.set_flag[PIPE_MTE2, PIPE_V, EVENT_ID0]"))


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
