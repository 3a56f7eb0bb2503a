"""Names of barrier sets, and the libraries that have them."""

import json
from pathlib import Path

import pytest

from bench.barrier_sets import BuiltSets, built_sets, set_name
from flash_atten.config import KernelConfig
from kernels.library import LibraryError

BUILT = BuiltSets(("gu",), {"gu": {}, "none": {}, "gu+proved": {"fa_s1tile256": Path(__file__)}})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("gu", "gu"),
        ("trowexpandmul-tadd", "gu"),
        ("off", "none"),
        ("proved+gu", "gu+proved"),
        ("proved", "proved"),
        ("trowsum-tadd + softmax-exp-sum+gu+gu", "gu+softmax-exp-sum+softmax-sum-add"),
    ],
)
def test_aliases_and_orders_are_one_set(text: str, name: str) -> None:
    assert set_name(text) == name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "all",
            r"unknown pattern 'all'; known are gu .*softmax-exp-sum .*proved, none .*Join the patterns of a set by \+",
        ),
        ("none+gu", "pattern none removes nothing and contradicts gu"),
        ("none+proved", "pattern none removes nothing and contradicts proved"),
        ("", "'' is no set of patterns"),
        ("gu+", r"'gu\+' is no set of patterns"),
    ],
)
def test_what_is_no_set_is_refused_with_what_is(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        set_name(text)


def test_sets_are_chosen_in_the_order_asked_for_and_once() -> None:
    assert BUILT.choose(["off", "proved+gu", "disabled", "gu"]) == ["none", "gu+proved", "gu"]
    assert BUILT.choose([]) == ["gu"]


def test_a_set_that_is_not_built_is_refused_with_the_command_that_builds_it() -> None:
    with pytest.raises(ValueError, match=r"run --//bench:remove_barriers=proved,gu //bench:fa") as error:
        BUILT.choose(["proved", "gu"])
    assert "barriers of proved removed are not built; built are gu, none, gu+proved." in str(error.value)


def test_libraries_are_found_by_configuration_and_set() -> None:
    assert BUILT.library(KernelConfig(), "gu") is None
    assert BUILT.library(KernelConfig(), "gu+proved") == Path(__file__)
    with pytest.raises(LibraryError, match="no fa_s1tile512_preload4 with the barriers of gu"):
        BUILT.library(KernelConfig(s1_tile=512, qk_preload=4), "gu+proved")


def test_the_manifest_says_what_is_built(tmp_path: Path) -> None:
    manifest = tmp_path / "kernels.json"
    assert built_sets(manifest) == BuiltSets()
    text = {"default": ["none", "gu"], "libraries": {"none": {"fa_s1tile256": "sim/x.so"}, "gu": {}}}
    manifest.write_text(json.dumps(text), encoding="utf-8")
    found = built_sets(manifest)
    assert found.choose([]) == ["none", "gu"]
    assert found.libraries["none"]["fa_s1tile256"].parts[-2:] == ("sim", "x.so")
