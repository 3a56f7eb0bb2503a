"""Tests of the printed text: both forms parse back to the same module, locations included."""

from __future__ import annotations

import re

import pytest
from xdsl.parser import Parser

from ptodsl.dialect import context
from ptodsl.examples.catalogue import EXAMPLES
from ptodsl.examples.example import Example
from ptodsl.printing import module_text


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_text_parses_back(example: Example, generic: bool) -> None:
    module = example.build()
    parsed = Parser(context(), module_text(module, generic=generic)).parse_module()
    parsed.verify()
    for form in (False, True):
        assert module_text(parsed, generic=form, locations=False) == module_text(module, generic=form, locations=False)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_generic_text_has_only_quoted_operations(example: Example) -> None:
    """That is what MLIR tools parse without knowing the dialect."""
    lines = module_text(example.build(), generic=True, locations=False).splitlines()
    assert [line for line in lines if not re.match(r'\s*((%\w+ = )?"\w+\.|\^bb\d+|\})', line) and line] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_building_twice_gives_the_same_text(example: Example) -> None:
    assert module_text(example.build()) == module_text(example.build())
