"""The machine's numbers agree with each other."""

from ptodsl.dialect import Loc, a3


def test_every_memory_space_has_a_buffer_of_whole_blocks() -> None:
    assert [loc.buffer.name for loc in Loc] == ["UB", "L1", "L0A", "L0B", "L0C", "BT"]
    assert all(loc.buffer.size % loc.buffer.alignment == 0 for loc in Loc)


def test_sizes() -> None:
    assert [buffer.size // a3.KIB for buffer in (a3.UB, a3.L1, a3.L0A, a3.L0B, a3.L0C)] == [192, 512, 64, 64, 128]
