"""Print a module as C++ for the PTO-ISA headers: one function of C++ per function of the module."""

from tools.ptoas.emit_cpp.module import Emitted, emit_module

__all__ = ["Emitted", "emit_module"]
