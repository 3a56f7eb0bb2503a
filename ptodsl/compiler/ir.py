"""The decorators of modules and functions by the names of pto-dsl's package layout."""

from ptodsl.decorators import func as ir_func
from ptodsl.decorators import to_ir_module
from ptodsl.module import FuncRef

__all__ = ["FuncRef", "ir_func", "to_ir_module"]
