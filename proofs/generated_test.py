"""This machine generates what the one did that wrote generated.sha256."""

from pathlib import Path

import pytest

from proofs.generated import DIGESTS, built_digests, difference, dump, read

ROOT = Path(__file__).parents[1]


def test_this_machine_generates_what_others_do() -> None:
    built = built_digests(ROOT)
    if not built:
        pytest.skip("the kernels are not built here: run this test with Bazel")
    message = difference(read((ROOT / DIGESTS).read_text(encoding="utf-8")), built)
    assert message is None, message


def test_only_generated_text_of_kernels_is_found(tmp_path: Path) -> None:
    (tmp_path / "flash_atten").mkdir()
    for name in ("fa_a.mlir", "fa_a.ptoas.cpp", "fa_a.so", "other.cpp"):
        (tmp_path / "flash_atten" / name).touch()
    assert list(built_digests(tmp_path)) == ["flash_atten/fa_a.mlir", "flash_atten/fa_a.ptoas.cpp"]


def test_digests_survive_a_round_trip() -> None:
    digests = {"flash_atten/a b.mlir": "0" * 64, "flash_atten/a.cpp": "1" * 64}
    assert read(dump(digests)) == digests


def test_a_difference_says_what_moved_and_how_to_accept() -> None:
    message = difference({"a": "0", "b": "1"}, {"a": "2", "b": "1"})
    assert message is not None
    assert "a: differs" in message
    assert "b: " not in message
    assert "tools/bazel run //:accept" in message
    assert difference({"a": "0"}, {"a": "0"}) is None
