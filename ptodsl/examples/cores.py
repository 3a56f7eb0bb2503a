"""How work is dealt to the vector cores of a launch."""

from __future__ import annotations

from ptodsl import pto, scalar
from ptodsl.values import Scalar


def vector_core() -> tuple[Scalar, Scalar]:
    """Return the number of this vector core among all of the launch, and how many there are: two for each block."""
    __tracebackhide__ = True  # what happens here is a matter of the line of the kernel that asks
    subblocks = scalar.index_cast(pto.get_subblock_num())
    number = scalar.index_cast(pto.get_block_idx()) * subblocks + scalar.index_cast(pto.get_subblock_idx())
    return number, scalar.index_cast(pto.get_block_num()) * subblocks
