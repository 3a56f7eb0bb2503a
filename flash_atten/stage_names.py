"""Which of the four stages a line of the kernel's Python belongs to: for pictures of traces."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FUNCTIONS: Mapping[str, str] = {
    "compute_qk": "load_q compute_qk compute_pv_and_qk emit_qk_sub multiply_qk q_loads load_first_k load_k",
    "compute_p": (
        "compute_p compute_first_p emit_softmax softmax_steps first_softmax_steps with_rescale load_scores "
        "load_following_scores store_probabilities emit slice_operations rescale_operations"
    ),
    "compute_pv": "multiply_pv compute_pv push_pv load_v load_p",
    "compute_gu": (
        "finish_pv clear_output inverse_steps start take_pv accumulate_operations load_pv load_first_output "
        "compute_gu copy_factors accumulate_steps store_results store_output store_partial store_lse"
    ),
}
"""Functions of the files that build cube and vector cores, of the recipe and of fast_*.py, that issue operations; what
compute_pv_and_qk does itself is to hand QK over. What combines partial results (kernel_reduce.py) is a launch of its
own and belongs to no stage.
"""

STAGES = tuple(_FUNCTIONS)
"""In the order in which a tile passes through them."""

STAGE_OF_FUNCTION = {function: stage for stage, functions in _FUNCTIONS.items() for function in functions.split()}

_WORKSPACE = Path(__file__).parent.parent


def stage_of(file: str, line: int) -> str | None:
    """Return the stage of a line of `file` (relative to the workspace), or None for a line of no stage."""
    for first, last, name in _functions(file):
        if first <= line <= last:
            return STAGE_OF_FUNCTION.get(name)
    return None


@cache
def _functions(file: str) -> tuple[tuple[int, int, str], ...]:
    """Return (first line, last line, name) of the outermost functions of a source file of the workspace."""
    path = _WORKSPACE / file
    if not path.is_file():
        return ()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return tuple(
        (node.lineno, node.end_lineno or node.lineno, node.name)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    )
