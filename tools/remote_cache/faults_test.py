"""Damage is done to the copy, never to the store that it was made from."""

from pathlib import Path

import pytest

from tools.remote_cache.faults import DAMAGES, Damage, copy_store, damage_store


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_the_copy_is_damaged_and_the_original_is_whole(tmp_path: Path, damage: Damage) -> None:
    original = tmp_path / "store"
    (original / "cas").mkdir(parents=True)
    (original / "cas" / "0123").write_bytes(b"content")
    copy_store(original, tmp_path / "copy")
    assert damage_store(tmp_path / "copy", "cas", damage) == 1
    assert (tmp_path / "copy" / "cas" / "0123").read_bytes() != b"content"
    assert (original / "cas" / "0123").read_bytes() == b"content"


def test_a_flipped_bit_keeps_the_length() -> None:
    assert len(DAMAGES["altered"](b"content")) == len(b"content")
