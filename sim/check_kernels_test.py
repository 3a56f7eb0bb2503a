"""The check of any kernel tells right from wrong: numbers, order, and what is not built."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cli.testing import run_program
from kernels.kernel import Case, Judge, Shape
from kernels.library import LibraryError
from ptodsl.examples.catalogue import EXAMPLES
from ptodsl.examples.example import Example
from sim.check_kernels import LIBRARIES, check

ADD = next(example for example in EXAMPLES if example.name == "add")

built = pytest.mark.skipif(
    not (LIBRARIES / "kernel_add.so").exists(), reason="the examples are not built: test with Bazel"
)


class OffByOne(Example):
    """Expects another result than the kernel's."""

    def case(self, shape: Shape, seed: int, cube_cores: int, kind: str = "") -> Case:
        right = super().case(shape, seed, cube_cores, kind)

        def wrong() -> Judge:
            return shifted(right.judge())

        return replace(right, judge=wrong)


def shifted(judge: Judge) -> Judge:
    return lambda results: judge({name: array - np.float32(1) for name, array in results.items()})


@built
def test_a_right_kernel_is_right_in_numbers_and_order_and_has_a_time() -> None:
    numbers, order, *smallest, time = check(ADD, 0, LIBRARIES)
    assert [found.ok for found in (numbers, order, *smallest, time)] == [True] * 5
    assert numbers.text == "z as the reference"
    assert order.text.startswith("in order: 40 operations")
    assert time.text.startswith("predicted ")


@built
def test_a_wrong_result_is_told() -> None:
    wrong = OffByOne(ADD.name, ADD.build, ADD.arguments, ADD.expected, ADD.block_dim, sizes=ADD.sizes)
    numbers, order, *_ = check(wrong, 0, LIBRARIES)
    assert order.ok
    assert not numbers.ok
    assert numbers.text.startswith("20480 of 20480 values of z are wrong; the first, at [0, 0]")


def test_a_kernel_that_is_not_built_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"there is no kernel_add\.so in .*tools/bazel run //ptodsl/examples:check"):
        list(check(ADD, 0, tmp_path))


def test_a_kernel_that_there_is_not_is_refused(tmp_path: Path) -> None:
    done = run_program("sim.check_kernels", "--names=nope", directory=tmp_path)
    assert done.returncode == 2
    assert "there is no 'nope'; known are add," in " ".join(done.stderr.split())


def test_an_example_refuses_sizes_that_it_does_not_have() -> None:
    with pytest.raises(ValueError, match="add has no size cols: its sizes are rows"):
        ADD.case({"cols": 3}, 0, 1)
    with pytest.raises(ValueError, match="rows = 3 is not supported: give a positive multiple of 32, such as 320"):
        ADD.case({"rows": 3}, 0, 1)
