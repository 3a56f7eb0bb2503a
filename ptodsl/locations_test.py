"""Tests of source locations: every operation knows the user's line, and no location depends on the machine."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

from xdsl.dialects.builtin import FileLineColLoc, ModuleOp

from ptodsl import pto, tile
from ptodsl.module import ModuleBuilder
from ptodsl.printing import module_text

F32 = pto.TileBufType([16, 64], pto.float32)


def _build() -> ModuleOp:
    module = ModuleBuilder()
    with module.function("main", {"n": pto.index}) as args:
        x = pto.alloc_tile(F32)
        for i in pto.range(0, args.scalar("n")):
            with pto.if_context(i == 3):
                tile.exp(x, x)
    return module.finish()


def test_operations_are_on_the_lines_that_made_them() -> None:
    source, start = inspect.getsourcelines(_build)
    made_by = {
        "builtin.module": "ModuleBuilder()",
        "func.func": "module.function",
        "func.return": "module.function",
        "pto.alloc_tile": "alloc_tile",
        "scf.for": "pto.range",
        "arith.cmpi": "i == 3",
        "scf.if": "if_context",
        "pto.texp": "tile.exp",
    }
    for op in _build().walk():
        location = op.location
        assert isinstance(location, FileLineColLoc)
        assert location.filename.data == "ptodsl/locations_test.py"
        line = source[location.line.data - start]
        if op.name in made_by:
            assert made_by[op.name] in line, op.name


def _helper() -> None:
    __tracebackhide__ = True
    pto.get_block_num()


def test_a_hidden_helper_gives_way_to_its_caller() -> None:
    module = ModuleBuilder()
    with module.function("main", {}):
        _helper()
    source, start = inspect.getsourcelines(test_a_hidden_helper_gives_way_to_its_caller)
    (location,) = (op.location for op in module.finish().walk() if op.name == "pto.get_block_num")
    assert isinstance(location, FileLineColLoc)
    assert "_helper()" in source[location.line.data - start]


PROGRAM = """
from ptodsl import pto
from ptodsl.module import ModuleBuilder
from ptodsl.printing import module_text
module = ModuleBuilder()
with module.function("main", {}):
    pto.get_block_idx()
print(module_text(module.finish()), end="")
"""


def test_a_file_elsewhere_is_named_without_its_folder(tmp_path: Path) -> None:
    script = tmp_path / "kernel.py"
    script.write_text(PROGRAM, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, env=environment)
    assert 'pto.get_block_idx loc("kernel.py":7:1)' in run.stdout
    assert str(tmp_path) not in run.stdout


def test_text_without_locations_has_none() -> None:
    assert "loc(" in module_text(_build())
    assert "loc(" not in module_text(_build(), locations=False)
