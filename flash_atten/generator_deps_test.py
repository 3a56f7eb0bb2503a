"""A change of what programs say to their users generates no kernel anew, and so builds none."""

from pathlib import Path

import pytest

DEPS = Path(__file__).with_name("generator_deps")
"""Labels, one a line: what Bazel takes the generator to depend on."""


@pytest.mark.skipif(not DEPS.exists(), reason="Bazel knows the dependencies: test with it")
def test_the_generator_knows_no_program_and_no_flags() -> None:
    labels = DEPS.read_text(encoding="utf-8").split()
    # Libraries, not their files: byte code is made of a folder's files at once, but each has only its own.
    assert "//flash_atten:kernel" in labels
    for forbidden in ("//cli:program", "//kernels:launch_flags", "//kernels:backend", "@pip_wheels//:absl-py"):
        assert forbidden not in labels
