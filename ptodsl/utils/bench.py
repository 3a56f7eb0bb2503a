"""`do_bench` by the name of pto-dsl's package layout."""

from ptodsl.device import do_bench

__all__ = ["do_bench"]
