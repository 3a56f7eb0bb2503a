"""Control flow by the name of pto-dsl's package layout."""

from ptodsl.control import Branch, cond, if_context
from ptodsl.control import loop as range

__all__ = ["Branch", "cond", "if_context", "range"]
