"""A library names the Python that knows its kernel, or it is said what is missing."""

import json
from typing import Any

import pytest

from kernels.described import kernel_of
from kernels.library import BuildInfo, LibraryError


def info(kernel: str) -> BuildInfo:
    return BuildInfo("x", "host", "execute", {"size": 3}, (), json.dumps({"kernel": kernel}))


def refuses(knobs: object) -> None:
    raise ValueError(f"no such size in {knobs}")


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        ("", "the library x does not say what its kernel computes and how it is launched: name the function"),
        ("no.such.module:kernel_of", r"the library x is described by no\.such\.module:kernel_of, which this program"),
        ("kernels.plan:kernel_of", "which this program cannot load .*has no attribute"),
        (f"{__name__}:refuses", "refuses does not know the knobs of the library x: no such size in {'size': 3}"),
    ],
)
def test_what_is_missing_is_said(kernel: str, words: str) -> None:
    with pytest.raises(LibraryError, match=words):
        kernel_of(info(kernel))


def keeps(knobs: Any) -> Any:
    return knobs


def test_the_function_gets_the_knobs() -> None:
    found: Any = kernel_of(info(f"{__name__}:keeps"))
    assert found == {"size": 3}
