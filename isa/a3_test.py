"""The machine's numbers agree with each other."""

from isa import a3


def test_every_memory_space_has_a_buffer_of_whole_blocks() -> None:
    assert [(loc, buffer.name) for loc, buffer in a3.BUFFER_OF_LOC.items()] == [
        ("vec", "UB"),
        ("mat", "L1"),
        ("left", "L0A"),
        ("right", "L0B"),
        ("acc", "L0C"),
        ("bias", "BT"),
        ("scaling", "FB"),
    ]
    assert all(buffer.size % buffer.alignment == 0 for buffer in a3.BUFFER_OF_LOC.values())


def test_sizes() -> None:
    assert [buffer.size // a3.KIB for buffer in (a3.UB, a3.L1, a3.L0A, a3.L0B, a3.L0C)] == [192, 512, 64, 64, 128]


def test_a_memory_of_the_chip_has_the_size_of_its_buffer_and_gm_has_none() -> None:
    assert [a3.size_of(memory) // a3.KIB for memory in (a3.Memory.UB, a3.Memory.L1, a3.Memory.GM)] == [192, 512, 0]
