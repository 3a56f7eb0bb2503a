"""Tests of the stages of the kernel's lines."""

from __future__ import annotations

import ast
from pathlib import Path

from flash_atten.stage_names import STAGE_OF_FUNCTION, STAGES, stage_of

NAMES = ("kernel_cube.py", "kernel_vector.py", "kernel_results.py", "fast_cube.py", "fast_softmax.py", "fast_vector.py")
SOURCES = [Path(__file__).parent / name for name in NAMES]


def line_of(name: str, text: str) -> int:
    source = Path(__file__).parent / name
    return next(number for number, line in enumerate(source.read_text().splitlines(), 1) if text in line)


def test_lines_of_a_stage_say_which() -> None:
    cases = {
        ("kernel_cube.py", "tile.matmul(q_left"): "compute_qk",
        ("kernel_cube.py", "tile.matmul(buffers.p_left"): "compute_pv",
        ("kernel_vector.py", "tile.cvt("): "compute_p",
        ("kernel_vector.py", "tile.add(buffers.output[i]"): "compute_gu",
        ("kernel_results.py", "pto.store(part, "): "compute_gu",
        ("kernel_cube.py", "buffers.p_mat, sub), buffers.p_left"): "compute_pv",
        ("fast_softmax.py", "tile.row_sum("): "compute_p",
        ("fast_softmax.py", "tile.row_expand_mul("): "compute_gu",
        ("fast_softmax.py", "fifos.pv.free("): "compute_gu",
    }
    for (name, text), stage in cases.items():
        assert stage_of(f"flash_atten/{name}", line_of(name, text)) == stage


def test_every_named_function_exists_and_every_stage_is_used() -> None:
    functions = {
        node.name
        for source in SOURCES
        for node in ast.parse(source.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert STAGE_OF_FUNCTION.keys() <= functions
    assert set(STAGE_OF_FUNCTION.values()) == set(STAGES)


def test_a_line_of_no_stage_has_none() -> None:
    assert stage_of("flash_atten/kernel_cube.py", 1) is None
    assert stage_of("elsewhere.py", 1) is None
