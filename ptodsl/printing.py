"""A module as text: MLIR in the pretty or in the generic form, with or without source locations."""

from __future__ import annotations

from io import StringIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer


class IrModule:
    """A module as kernels written for pto-dsl expect it: `print(module)`, `module.operation.get_asm(...)`."""

    def __init__(self, op: ModuleOp) -> None:
        self.op = op

    def __str__(self) -> str:
        """MLIR in the pretty form, without locations."""
        return module_text(self.op, locations=False)

    @property
    def operation(self) -> IrModule:
        """The module itself; in MLIR's own bindings the operation is another object."""
        return self

    def get_asm(
        self, *, print_generic_op_form: bool = False, enable_debug_info: bool = False, pretty_debug_info: bool = False
    ) -> str:
        """Return MLIR: in the generic form, with locations. `pretty_debug_info` changes nothing: there is one form."""
        del pretty_debug_info
        return module_text(self.op, generic=print_generic_op_form, locations=enable_debug_info)


def module_text(module: ModuleOp | IrModule, *, generic: bool = False, locations: bool = True) -> str:
    """Return `module` as MLIR.

    Args:
        module: what to print.
        generic: print `"pto.tadd"(%a, %b, %c) : ...`, which any MLIR tool parses without knowing the dialect.
        locations: print `loc("file":line:column)` after every operation.
    """
    op = module.op if isinstance(module, IrModule) else module
    text = StringIO()
    Printer(stream=text, print_generic_format=generic, print_debuginfo=locations).print_op(op)
    return text.getvalue() + "\n"
