"""A module as text: MLIR in the pretty or in the generic form, with or without source locations."""

from __future__ import annotations

from io import StringIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer


def module_text(module: ModuleOp, *, generic: bool = False, locations: bool = True) -> str:
    """Return `module` as MLIR.

    Args:
        module: what to print.
        generic: print `"pto.tadd"(%a, %b, %c) : ...`, which any MLIR tool parses without knowing the dialect.
        locations: print `loc("file":line:column)` after every operation.
    """
    text = StringIO()
    Printer(stream=text, print_generic_format=generic, print_debuginfo=locations).print_op(module)
    return text.getvalue() + "\n"
