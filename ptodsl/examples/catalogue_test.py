"""What is said of all examples: forms, libraries, places in the source. `//ptodsl/examples:check` runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from xdsl.dialects.builtin import FileLineColLoc

from ptodsl.examples.catalogue import EXAMPLES, kernel_of
from ptodsl.examples.example import Example
from ptodsl.printing import module_text
from tools.ptoas.assemble import Options, Sync, assemble


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_the_generic_form_is_the_same_kernel(example: Example) -> None:
    module, options = example.build(), Options(sync=Sync.INSERT)
    pretty, generic = (assemble(module_text(module, generic=form), "a.mlir", options) for form in (False, True))
    assert generic == pretty


def test_each_has_a_library() -> None:
    text = Path(__file__).with_name("BUILD.bazel").read_text(encoding="utf-8")
    begin = text.index("EXAMPLES = [")
    listed = re.findall(r'"(\w+)"', text[begin : text.index("]", begin)])
    assert listed == sorted(example.name for example in EXAMPLES)
    assert len(set(listed)) == len(listed)


def test_every_operation_of_an_example_is_located_in_the_example() -> None:
    for op in kernel_of({"example": "branches"}).build().walk():
        assert isinstance(op.location, FileLineColLoc), op.name
        assert op.location.filename.data == "ptodsl/examples/elementwise.py", op.name
