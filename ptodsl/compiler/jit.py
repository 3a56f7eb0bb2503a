"""`jit` by the name of pto-dsl's package layout."""

from ptodsl.device import jit

__all__ = ["jit"]
