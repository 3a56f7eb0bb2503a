"""Entry point of every pytest_test: runs pytest on the given files inside the test's runfiles."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def main(arguments: list[str]) -> int:
    """Exit status of pytest for `arguments`: files relative to the workspace root, or pytest's own options."""
    options = [f"--rootdir={ROOT}", f"--config-file={ROOT / 'pytest.ini'}", "--color=yes"]
    junit = os.environ.get("XML_OUTPUT_FILE")
    if junit is not None:
        options.append(f"--junit-xml={junit}")
    scratch = os.environ.get("TEST_TMPDIR")
    if scratch is not None:
        options.append(f"--basetemp={scratch}/pytest")
    only = os.environ.get("TESTBRIDGE_TEST_ONLY")  # bazel test --test_filter=...
    if only is not None:
        options += ["-k", only]
    os.chdir(ROOT)
    status = pytest.main([*options, *arguments])
    if only is not None and status == pytest.ExitCode.NO_TESTS_COLLECTED:
        print(f"no test of this target matches --test_filter={only}")
        return 0  # `test //... --test_filter=X` asks every target, and most have no X
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
