"""Which of the four stages a line of the kernel's Python belongs to: for pictures of traces."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

STAGES = ("compute_qk", "compute_p", "compute_pv", "compute_gu")
"""In the order in which a tile passes through them."""

STAGE_OF_FUNCTION: Mapping[str, str] = {
    "load_q": "compute_qk",
    "compute_qk": "compute_qk",
    "compute_pv_and_qk": "compute_qk",  # hands QK over; its other work stands in functions of its own
    "emit_qk_sub": "compute_qk",
    "multiply_qk": "compute_qk",
    "multiply_pv": "compute_pv",
    "compute_pv": "compute_pv",
    "q_loads": "compute_qk",
    "finish_pv": "compute_gu",
    "clear_output": "compute_gu",
    "inverse_steps": "compute_gu",
    "push_pv": "compute_pv",
    "load_first_k": "compute_qk",
    "load_k": "compute_qk",
    "load_v": "compute_pv",
    "load_p": "compute_pv",
    "compute_p": "compute_p",
    "compute_first_p": "compute_p",
    "emit_softmax": "compute_p",
    "softmax_steps": "compute_p",
    "first_softmax_steps": "compute_p",
    "with_rescale": "compute_p",
    "load_scores": "compute_p",
    "load_following_scores": "compute_p",
    "store_probabilities": "compute_p",
    "emit": "compute_p",
    "slice_operations": "compute_p",
    "rescale_operations": "compute_p",
    "start": "compute_gu",
    "take_pv": "compute_gu",
    "accumulate_operations": "compute_gu",
    "load_pv": "compute_gu",
    "load_first_output": "compute_gu",
    "compute_gu": "compute_gu",
    "copy_factors": "compute_gu",
    "accumulate_steps": "compute_gu",
    "store_results": "compute_gu",
    "store_output": "compute_gu",
    "store_partial": "compute_gu",
    "store_lse": "compute_gu",
}
"""Functions of the files that build cube and vector cores, of the recipe and of fast_*.py, that issue operations. What
combines partial results (kernel_reduce.py) is a launch of its own and belongs to no stage.
"""

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
