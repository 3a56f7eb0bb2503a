"""Tests that every example computes what its reference says, on the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ptodsl.examples.catalogue import EXAMPLES
from ptodsl.examples.example import Example
from ptodsl.examples.host_run import host_kernel
from ptodsl.printing import module_text
from tools.ptoas.assemble import Options, Sync, assemble


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_example_computes_its_reference(example: Example, tmp_path: Path) -> None:
    kernel = host_kernel(example.build(), example.name, tmp_path)
    arguments = example.arguments(np.random.default_rng(0))
    expected = example.expected(arguments)
    kernel.launch(example.block_dim, *arguments.values())
    example.check(arguments, expected)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_the_generic_form_is_the_same_kernel(example: Example) -> None:
    module, options = example.build(), Options(sync=Sync.INSERT)
    pretty, generic = (assemble(module_text(module, generic=form), "a.mlir", options) for form in (False, True))
    assert generic == pretty


def test_names_are_unique() -> None:
    names = [example.name for example in EXAMPLES]
    assert len(set(names)) == len(names)
