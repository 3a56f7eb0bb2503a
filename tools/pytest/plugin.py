"""pytest plugin for all tests of this workspace: same seeds and same examples in every run, sharding by Bazel."""

import os
import random
import sys
from pathlib import Path

import pytest

SEED = 0


def pytest_configure(config: pytest.Config) -> None:
    """Hypothesis: the same examples every time, no database, no deadline (shared machines are slow at times)."""
    try:
        import hypothesis
    except ImportError:
        return
    hypothesis.settings.register_profile("deterministic", derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("deterministic")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Global generators start from the same state in every test, whatever ran before."""
    random.seed(SEED)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(SEED)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps only this shard's share when Bazel runs the test with `shard_count`."""
    status_file = os.environ.get("TEST_SHARD_STATUS_FILE")
    if status_file is None:
        return
    Path(status_file).touch()
    index, count = int(os.environ["TEST_SHARD_INDEX"]), int(os.environ["TEST_TOTAL_SHARDS"])
    kept = items[index::count]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
