"""The plugin is active, and makes runs repeatable."""

import random

import pytest
from hypothesis import settings


def test_global_generator_starts_from_the_seed() -> None:
    assert random.random() == random.Random(0).random()


def test_hypothesis_is_derandomized() -> None:
    assert settings().derandomize
    assert settings().database is None


def test_warnings_are_errors() -> None:
    import warnings

    with pytest.raises(UserWarning, match="boo"):
        warnings.warn("boo", stacklevel=1)
