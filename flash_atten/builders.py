"""What emits the bodies of the cube and of the vector kernel, by schedule."""

from __future__ import annotations

from flash_atten import kernel_cube, kernel_vector
from flash_atten.config import KernelConfig
from flash_atten.fast_cube import build_fast_cube_kernel
from flash_atten.fast_vector import build_fast_vector_kernel
from ptodsl.module import Arguments


def build_cube_kernel(config: KernelConfig, arguments: Arguments) -> None:
    """Emit the body of the cube kernel."""
    build = kernel_cube.build_cube_kernel if config.by_recipe else build_fast_cube_kernel
    build(config, arguments)


def build_vector_kernel(config: KernelConfig, arguments: Arguments) -> None:
    """Emit the body of the vector kernel."""
    build = kernel_vector.build_vector_kernel if config.by_recipe else build_fast_vector_kernel
    build(config, arguments)
