"""Versions are read from what tools print, and unknown ones are accepted."""

import pytest

from tools.bisheng.probe import not_found, read_version, too_old


@pytest.mark.parametrize(
    ("text", "pattern", "version"),
    [
        ("ptoas 0.48", "ptoas(?: version)?", (0, 48)),
        ("LLVM version 19.1.7\nPTOAS version v0.45.2", "ptoas(?: version)?", (0, 45)),
        ("LLVM version 19.1.7", "ptoas(?: version)?", None),
        ("BiSheng Compiler 2.1\nclang version 15.0.5 (abc)", "clang(?: version)?", (15, 0)),
        ("package_name=toolkit\nversion=8.5.0\n", "^version=", (8, 5)),
        ("innerversion=9.9\n", "^version=", None),
        ("", "x", None),
    ],
)
def test_versions_are_read(text: str, pattern: str, version: tuple[int, int] | None) -> None:
    assert read_version(text, pattern) == version


def test_only_a_known_old_version_is_too_old() -> None:
    assert too_old("it", (0, 44), (0, 45)) == "it is 0.44, needed is 0.45 or newer"
    assert too_old("it", (0, 45), (0, 45)) == ""
    assert too_old("it", (1, 0), (0, 45)) == ""
    assert too_old("it", None, (0, 45)) == ""


def test_what_is_missing_says_where_it_was_looked_for() -> None:
    words = not_found("bisheng", {"BISHENG": "/no"}, ["BISHENG", "HOME"], ["/no", "/bin"])
    assert words == "bisheng was not found (looked at /no, /bin; not set: HOME)"
