"""An operation that is a row of a table and a functor, and nothing else, goes through everything up to the judge."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from isa.header import PATH, header
from isa.ops import BY_CPP, OPS
from ptodsl import pto, scalar
from ptodsl.dialect import effects_of, vector_op
from ptodsl.module import ModuleBuilder
from ptodsl.printing import module_text
from ptodsl.tile import tile_function
from runtime.host_kernel import HostKernel
from sim.hazards import judge
from tools.bisheng import host_compile, host_flags, host_machine
from tools.bisheng.host_toolchain import host_toolchain
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.emit_cpp.module import emit_module
from tools.ptoas.insert_sync import SyncOptions, insert_sync
from tools.ptoas.parse import parse_module
from tools.ptoas.plan_memory import apply_plan, plan_memory
from tools.ptoas.verify import verify_module
from tracing.file import read_trace

SOFTSIGN = replace(
    BY_CPP["TEXP"],
    cpp="TSOFTSIGN",
    dialect="tsoftsign",
    dsl="softsign",
    meaning="src / (1 + |src|)",
    function="Softsign",
)
"""The row."""

FUNCTOR = """struct Softsign {
    template <typename T>
    T operator()(T a) const {
        return a / (1 + std::fabs(a));
    }
};
"""
"""The functor."""

OPERATION = vector_op(SOFTSIGN)

SHAPE, TILE = (64, 64), (32, 64)
"""Of the arrays, and of the half that a vector core has."""


@pytest.fixture
def runtime_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the runtime whose table has the row, with the functor beside the others."""
    root = tmp_path / "workspace"
    shutil.copytree(host_flags.RUNTIME, root / "runtime", ignore=shutil.ignore_patterns("*.o"))
    (root / PATH).write_text(header((*OPS, SOFTSIGN)), encoding="utf-8")
    (place,) = (path for path in root.rglob("*.hpp") if "struct Sqrt {" in path.read_text(encoding="utf-8"))
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace("struct Sqrt {", FUNCTOR + "struct Sqrt {"), encoding="utf-8")
    monkeypatch.setattr(host_flags, "ROOT", root)
    monkeypatch.setattr(host_compile, "HOST_MAIN", root / "runtime" / "host_main.cpp")
    # Not optimised: the loops of all levels of CPU are compiled here, and run once.
    monkeypatch.setattr(host_machine, "NUMBERS_FLAGS", {"gcc": ("-O0",), "clang": ("-O0",)})
    for module in (host_flags, host_compile, host_machine):
        monkeypatch.setattr(module, "RUNTIME", root / "runtime")


def kernel() -> ModuleOp:
    """Y = softsign(x), in the DSL."""
    module = ModuleBuilder()
    pointer = pto.PtrType(pto.float32)
    with module.function("softsign", {"x": pointer, "y": pointer}) as args, pto.vector_section():
        views = [pto.as_tensor(ptr=args[name], shape=list(SHAPE), strides=[SHAPE[1], 1]) for name in ("x", "y")]
        first = scalar.index_cast(pto.get_subblock_idx()) * TILE[0]
        x, y = (pto.slice_view(source=view, offsets=[first, 0], sizes=list(TILE)) for view in views)
        tiles = [pto.alloc_tile(pto.TileBufType(shape=list(TILE), dtype=pto.float32)) for _ in range(2)]
        pto.load(x, tiles[0])
        tile_function(OPERATION)(tiles[0], out=tiles[1])
        pto.store(tiles[1], y)
    return module.finish()


def assembled(*, synchronised: bool) -> str:
    """Its C++."""
    module = parse_module(module_text(kernel()), "softsign.mlir", [OPERATION]).module
    assert list(verify_module(module)) == []
    (operation,) = (op for op in module.walk() if isinstance(op, OPERATION))
    effects = effects_of(operation)
    assert effects is not None
    assert (effects.pipe, effects.reads, effects.writes) == (
        "PIPE_V",
        (operation.operands[0],),
        (operation.operands[1],),
    )
    plan = plan_memory(module)
    apply_plan(plan)
    if synchronised:
        insert_sync(module, plan, SyncOptions())
    return emit_module(module, ByteRanges(plan), tail_sync=synchronised).text


def compiled(cpp: str, directory: Path, mode: str) -> HostKernel:
    """The kernel library."""
    source = directory / "softsign.cpp"
    source.write_text(cpp, encoding="utf-8")
    library = directory / f"softsign.{mode}.so"
    options = {"toolchain": host_toolchain(), "entry": "softsign", "mode": mode}
    return HostKernel(host_compile.compile_host(source, library, **options))  # type: ignore[arg-type]


def arrays() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Input and output."""
    return np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32), np.full(SHAPE, np.nan, np.float32)


@pytest.mark.usefixtures("runtime_with_it")
def test_a_row_and_a_functor_are_an_operation(tmp_path: Path) -> None:
    cpp = assembled(synchronised=True)
    assert "TSOFTSIGN(" in cpp
    x, y = arrays()
    compiled(cpp, tmp_path, "execute").launch(1, x, y)
    np.testing.assert_allclose(y, x / (1 + np.abs(x)), rtol=1e-6)
    compiled(cpp, tmp_path, "trace").trace(tmp_path / "trace", 1, x, y)
    assert "TSOFTSIGN" in read_trace(tmp_path / "trace").ops
    assert judge(read_trace(tmp_path / "trace")).findings == ()


@pytest.mark.usefixtures("runtime_with_it")
def test_the_judge_sees_what_it_reads_and_writes(tmp_path: Path) -> None:
    compiled(assembled(synchronised=False), tmp_path, "trace").trace(tmp_path / "trace", 1, *arrays())
    trace = read_trace(tmp_path / "trace")
    found = {
        (finding.kind.name, finding.first and finding.first.op, finding.second.op) for finding in judge(trace).findings
    }
    assert found == {("RAW", "TLOAD", "TSOFTSIGN"), ("RAW", "TSOFTSIGN", "TSTORE")}
