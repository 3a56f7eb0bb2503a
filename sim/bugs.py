"""The bug suite: faulty kernels and their mended twins, what the checks must catch and what they must let pass."""

from __future__ import annotations

from sim.bugs_cube import CUBE
from sim.bugs_memory import FIFOS, MEMORY, SCALARS
from sim.bugs_modules import PASSES, VERIFIED
from sim.bugs_ordered import NUMBERS, UNORDERED
from sim.bugs_pipes import FLAGS, VECTOR

CASES = (*FLAGS, *VECTOR, *CUBE, *SCALARS, *MEMORY, *FIFOS, *VERIFIED, *PASSES, *UNORDERED, *NUMBERS)
