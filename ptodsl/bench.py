"""`do_bench` by the name that kernels for pto-dsl import."""

from ptodsl.device import do_bench

__all__ = ["do_bench"]
