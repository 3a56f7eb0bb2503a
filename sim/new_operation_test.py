"""An operation that is a row of a table and a functor, and nothing else, goes through everything up to the judge."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
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
from runtime.compiled import host_kernel, host_kernels
from sim.hazards import judge
from tools.bisheng import host_compile, host_flags, host_machine
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.emit_cpp.module import emit_module
from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.insert_sync.options import SyncOptions
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


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """For files, beside a copy of the runtime whose table has the row, with the functor beside the others."""
    root = tmp_path_factory.mktemp("workspace")
    shutil.copytree(host_flags.RUNTIME, root / "runtime", ignore=shutil.ignore_patterns("*.o"))
    (root / PATH).write_text(header((*OPS, SOFTSIGN)), encoding="utf-8")
    (place,) = (path for path in root.rglob("*.hpp") if "struct Sqrt {" in path.read_text(encoding="utf-8"))
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace("struct Sqrt {", FUNCTOR + "struct Sqrt {"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host_flags, "ROOT", root)
        patch.setattr(host_compile, "HOST_MAIN", root / "runtime" / "host_main.cpp")
        # Not optimised: all of the machine is compiled here, and run once.
        patch.setattr(host_machine, "NUMBERS_FLAGS", {"gcc": ("-O0",), "clang": ("-O0",)})
        patch.setattr(host_machine, "MODE_FLAGS", {"execute": ("-O0",), "trace": ("-O0", "-DPTO_TRACE=1")})
        for module in (host_flags, host_compile, host_machine):
            patch.setattr(module, "RUNTIME", root / "runtime")
        yield root


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


def arrays() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Input and output."""
    return np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32), np.full(SHAPE, np.nan, np.float32)


def test_a_row_and_a_functor_are_an_operation(directory: Path) -> None:
    cpp = assembled(synchronised=True)
    assert "TSOFTSIGN(" in cpp
    execute, trace = host_kernels(cpp, directory, "softsign", name="ordered", modes=["execute", "trace"])
    x, y = arrays()
    execute.launch(1, x, y)
    np.testing.assert_allclose(y, x / (1 + np.abs(x)), rtol=1e-6)
    trace.trace(directory / "trace", 1, x, y)
    assert "TSOFTSIGN" in read_trace(directory / "trace").ops
    assert judge(read_trace(directory / "trace")).findings == ()


def test_the_judge_sees_what_it_reads_and_writes(directory: Path) -> None:
    cpp = assembled(synchronised=False)
    host_kernel(cpp, directory, "softsign", name="unordered", mode="trace").trace(directory / "trace", 1, *arrays())
    findings = judge(read_trace(directory / "trace")).findings
    found = {(finding.kind.name, finding.first and finding.first.op, finding.second.op) for finding in findings}
    assert found == {("RAW", "TLOAD", "TSOFTSIGN"), ("RAW", "TSOFTSIGN", "TSTORE")}
