"""What a library says of itself is read whole, and compared with what is asked for."""

import json
from typing import Any

import pytest

from kernels.library import TRACE, BuildInfo, LibraryError
from runtime.host_kernel import RawArgument

INFO: dict[str, Any] = {
    "name": "add_wide",
    "backend": "host",
    "mode": "execute",
    "knobs": {"cols": 64, "schedule": "fast"},
    "entries": [{"name": "add", "parameters": [{"name": "x", "type": "f32*"}, {"name": "rows", "type": "i64"}]}],
    "compiler": "g++",
}


def test_knobs_and_entries_are_read() -> None:
    info = BuildInfo.parse(json.dumps(INFO))
    assert info.knobs == {"cols": 64, "schedule": "fast"}
    assert info.entry("add").types == (("x", "f32*"), ("rows", "i64"))
    assert info.fields()["compiler"] == "g++"
    with pytest.raises(LibraryError, match=r"add_wide has no entry sub \(entries: add\)"):
        info.entry("sub")


@pytest.mark.parametrize("knobs", [{"cols": 7}, {"schedule": "slow"}, {"depth": 1}])
def test_other_knobs_than_asked_for_are_refused(knobs: dict[str, int | str]) -> None:
    ((name, value),) = knobs.items()
    with pytest.raises(LibraryError, match=rf"built with {name} = .*, but {name} = {value} is asked for; rebuild it"):
        BuildInfo.parse(json.dumps(INFO)).check(knobs)


def test_the_mode_must_be_the_one_that_is_needed() -> None:
    recording = BuildInfo.parse(json.dumps(INFO | {"mode": "trace"}))
    recording.check({"cols": 64}, TRACE)
    with pytest.raises(LibraryError, match=r"built in mode trace.*take add_wide\.so"):
        recording.check({})
    with pytest.raises(LibraryError, match=r"built in mode execute.*take add_wide\.trace\.so"):
        BuildInfo.parse(json.dumps(INFO)).check({}, TRACE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(INFO | {"knobs": 3}),
        json.dumps(INFO | {"entries": [{"name": "add"}]}),
        json.dumps(INFO | {"entries": [{"name": "add", "parameters": [{"name": "x", "type": "f99"}]}]}),
    ],
)
def test_unreadable_build_info_is_refused(text: str) -> None:
    with pytest.raises(LibraryError, match="build info cannot be read"):
        BuildInfo.parse(text)


def test_scalars_are_passed_as_their_bits() -> None:
    assert RawArgument.of(-1).bits == 2**64 - 1
    assert RawArgument.of(1.0).bits == 0x3F800000
