"""For pytest outside of Bazel: what the environment lacks is left out, and said.

Bazel does not see this file: there, a test whose packages or programs are missing fails.
"""

import importlib.util
import os

TORCH = importlib.util.find_spec("torch") is not None
"""Tests that import torch are in files of their own; the locked requirements do not have it."""

TRACE_PROCESSOR = "TRACE_PROCESSOR" in os.environ
"""Perfetto's own program, which no package has; docs/timeline.md."""

collect_ignore_glob = ["*_torch_test.py"] * (not TORCH) + ["*/trace_processor_test.py"] * (not TRACE_PROCESSOR)


def pytest_report_header() -> str:
    """What was left out."""
    left_out = []
    if not TORCH:
        left_out.append("without torch: *_torch_test.py are left out (pip install torch for them)")
    if not TRACE_PROCESSOR:
        left_out.append("without TRACE_PROCESSOR: trace_processor_test.py is left out (docs/timeline.md)")
    return "\n".join(left_out)
