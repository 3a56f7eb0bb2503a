"""For pytest outside of Bazel: what the environment lacks is left out, and said.

Bazel does not see this file: there, a test whose packages are missing fails.
"""

import importlib.util

TORCH = importlib.util.find_spec("torch") is not None

collect_ignore_glob = [] if TORCH else ["*_torch_test.py"]
"""Tests that import torch are in files of their own; the locked requirements do not have it."""


def pytest_report_header() -> str:
    """What was left out."""
    return "" if TORCH else "without torch: *_torch_test.py are left out (pip install torch for them)"
