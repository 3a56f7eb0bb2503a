"""The two functions of pto-dsl that need a device. This project builds and times kernels with Bazel targets instead."""

from __future__ import annotations

from typing import NoReturn


def jit(*_: object, **__: object) -> NoReturn:
    """Refuse: kernels are compiled ahead of time here."""
    raise NotImplementedError(
        "ptodsl.jit is not available: it compiles for an NPU in its own process. Use to_ir_module or ModuleBuilder, "
        "print the module to a file, and compile that with tools/ptoas and a C++ compiler (fa_library "
        "in flash_atten does the whole chain)."
    )


def do_bench(*_: object, **__: object) -> NoReturn:
    """Refuse: a time measured on the host says nothing about the device."""
    raise NotImplementedError(
        "ptodsl.do_bench is not available: it times kernels on an NPU. //bench:fa runs and models the kernel of this "
        "project."
    )
