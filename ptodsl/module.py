"""Modules and functions: the typed way to build a kernel.

module = ModuleBuilder()
with module.function("cube_kernel", {"q": pto.PtrType(pto.float16), "s1": pto.int64}, kernel="cube") as args:
    ... pto.as_tensor(ptr=args["q"], ...) ... scalar.index_cast(args.scalar("s1"))
ir = module.finish()
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.ir import Attribute, Block, Region
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import KernelKind, KernelKindAttr
from ptodsl.errors import DslError, fail
from ptodsl.locations import SourceLine, user_line
from ptodsl.scope import FunctionScope, OpenBlock, building, emit, no_function_open
from ptodsl.values import Scalar, Value, ssa_of, wrap

KERNEL_KIND = "pto.kernel_kind"
"""Attribute of a kernel function: the core that runs it."""

ENTRY = "pto.entry"
"""Attribute of the function that the host launches."""


@dataclass(frozen=True)
class Function:
    """A finished or started function of a module, for `pto.call`."""

    name: str
    parameters: tuple[Attribute, ...]


@dataclass(frozen=True)
class FuncRef:
    """A function of the module by its name, for `pto.call`."""

    sym_name: str


class Arguments:
    """The arguments of the function under construction, by name or in order."""

    def __init__(self, function: Function, values: Mapping[str, Value]) -> None:
        self.function = function
        self._values = dict(values)

    def __getitem__(self, name: str) -> Value:
        """Return the argument `name`."""
        return self._values[name]

    def __iter__(self) -> Iterator[Value]:
        """Iterate over the arguments in order."""
        return iter(self._values.values())

    def scalar(self, name: str) -> Scalar:
        """Return the argument `name`, which must be a scalar."""
        value = self._values[name]
        return value if isinstance(value, Scalar) else fail(f"the argument {name} is a {value.type}, not a scalar")


class ModuleBuilder:
    """A module under construction: functions are added one after the other."""

    def __init__(self, line: SourceLine | None = None) -> None:
        # What is wrong between functions has no line of its own: this one is reported.
        self._line = line or user_line()
        self._module = ModuleOp([])
        self._module.location = self._line.attribute
        self._names: set[str] = set()

    @contextmanager
    def function(
        self,
        name: str,
        parameters: Mapping[str, Attribute],
        *,
        kernel: str | None = None,
        line: SourceLine | None = None,
    ) -> Iterator[Arguments]:
        """Build the function `name` in the body of a `with`, which gets its arguments; a DslError has the user's line.

        Args:
            name: symbol, unique in the module.
            parameters: types by name, in order.
            kernel: "cube" or "vector"; None makes it the entry that the host launches.
            line: where it is, by default the user's current line.
        """
        line = line or user_line()
        self._check_new(name, kernel)
        types = tuple(parameters.values())
        block = Block(arg_types=types)
        op = func.FuncOp(name, (types, ()), Region(block))
        op.location = line.attribute
        kind = None if kernel is None else KernelKindAttr(KernelKind(kernel))
        op.attributes |= {ENTRY: UnitAttr()} if kind is None else {KERNEL_KIND: kind}
        for argument, hint in zip(block.args, parameters, strict=True):
            argument.name_hint = hint
            argument.location = line.attribute
        # The terminator is there from the start: operations are inserted before it.
        end = func.ReturnOp()
        end.location = line.attribute
        block.add_op(end)
        scope = FunctionScope(op, [OpenBlock(block, line, "function")])
        values = {name: wrap(arg) for name, arg in zip(parameters, block.args, strict=True)}
        self._module.body.block.add_op(op)
        with building(scope):
            yield Arguments(Function(name, types), values)
        # Not in a `finally`: an exception of the body says more than the loop that it left open.
        scope.check_all_closed()
        self._names.add(name)

    def _check_new(self, name: str, kernel: str | None) -> None:
        if not no_function_open():
            fail(f"the function {name} starts inside another one; functions of a module stand side by side")
        if name in self._names:
            fail(f"the module already has a function {name}")
        kinds = [kind.value for kind in KernelKind]
        if kernel is not None and kernel not in kinds:
            fail(f"kernel is {kernel!r}, but must be one of {', '.join(kinds)}, or None for the entry")

    def finish(self) -> ModuleOp:
        """Return the module, verified as a whole. Raises DslError if a rule between functions is broken."""
        try:
            self._module.verify()
        except VerifyException as error:
            raise DslError(self._line, str(error)) from error
        return self._module


def call(callee: Function | FuncRef | str, *arguments: Value) -> None:
    """Call another function of the module, or the one of that name, as an entry does with its two kernels."""
    operands = [ssa_of(value, f"argument {i}") for i, value in enumerate(arguments)]
    given = tuple(operand.type for operand in operands)
    match callee:
        case Function(name, parameters):
            if given != parameters:
                wanted, found = (", ".join(str(ty) for ty in types) for types in (parameters, given))
                fail(f"{name} takes ({wanted}), not ({found})")
        # It may come later in the module, so that only `finish` can check the call.
        case FuncRef(name) | str(name):
            pass
        case _:
            fail(f"pto.call needs a function of pto.func, or the name of one, not {callee!r}")
    emit(lambda: func.CallOp(name, operands, []))
