"""Programs bring along what their default flags choose from, and nothing else: the rest would be built in vain."""

from pathlib import Path

from flash_atten.config import S0, KernelConfig, LaunchShape, auto_s1_tile
from flash_atten.libraries import library_name

KERNELS = Path(__file__).parent
"""Where the libraries lie that Bazel built for a program."""

SHAPES = [LaunchShape(q_rows=S0, s1=2**power) for power in range(10, 18)]


def test_what_automatic_tiles_need_is_there_and_nothing_else() -> None:
    needed = {f"{library_name(KernelConfig(s1_tile=auto_s1_tile(shape)))}.so" for shape in SHAPES}
    assert {path.name for path in KERNELS.glob("fa_*.so")} == needed
