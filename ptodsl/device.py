"""`jit` and `do_bench`: they stand above assembler and judge, in the room `jit`, which is loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def jit(*args: Any, **kwargs: Any) -> Any:
    """Compile the decorated kernel when it is called, and run it: `jit.wrapper.jit` has the parameters."""
    return _loaded("jit.wrapper").jit(*args, **kwargs)


def do_bench(*args: Any, **kwargs: Any) -> Any:
    """Return how long a call takes: `jit.bench.do_bench` has the parameters."""
    return _loaded("jit.bench").do_bench(*args, **kwargs)


def _loaded(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{module} cannot be loaded ({error}): ptodsl is here without the assembler and the runtime. Depend on "
            "//jit, or start your program with `tools/bazel run //jit:python -- program.py`"
        ) from error
