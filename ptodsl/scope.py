"""The function under construction: where the next operation goes, and what it may use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IndexType, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.traits import IsTerminator
from xdsl.utils.exceptions import VerifyException

from ptodsl.errors import DslError, fail
from ptodsl.locations import SourceLine, user_line

OpT = TypeVar("OpT", bound=Operation)


@dataclass
class OpenBlock:
    """A block that operations are being added to, and the line that opened it."""

    block: Block
    line: SourceLine
    what: str
    """What it is in the user's words: function, loop, branch, section."""


@dataclass
class FunctionScope:
    """Construction state of one function: its open blocks, innermost last, and its constants."""

    function: func.FuncOp
    open_blocks: list[OpenBlock]
    constants: dict[tuple[Attribute, float, float], SSAValue] = field(default_factory=dict)
    last_constant: Operation | None = None

    def insert(self, op: Operation) -> None:
        """Add `op` at the end of the innermost open block, before its terminator if it has one."""
        block = self.open_blocks[-1].block
        last = block.last_op
        # Functions, loops and branches have a terminator from the start; sections have none.
        if last is not None and last.has_trait(IsTerminator):
            block.insert_op_before(op, last)
        else:
            block.add_op(op)

    def insert_constant(self, op: Operation) -> None:
        """Add the constant `op` at the top of the function, after the ones already there."""
        # There it comes before every use in any block, so that equal constants can be one.
        entry = self.function.body.block
        # Behind the one before, so that constants are in the order of their first use.
        if self.last_constant is not None:
            entry.insert_op_after(op, self.last_constant)
        elif entry.first_op is not None:
            entry.insert_op_before(op, entry.first_op)
        else:
            entry.add_op(op)
        self.last_constant = op

    def sees(self, value: SSAValue) -> bool:
        """Whether an operation added now may use `value`: it is defined in a block that is still open."""
        owner = value.owner
        block = owner if isinstance(owner, Block) else owner.parent
        return any(block is opened.block for opened in self.open_blocks)

    @contextmanager
    def inside(self, block: Block, what: str) -> Iterator[None]:
        """Open `block` for the body of a `with`."""
        # No `finally`: a block that is left by break or an exception stays open, and check_all_closed reports it.
        self.open_blocks.append(OpenBlock(block, user_line(), what))
        yield
        self.open_blocks.pop()

    @contextmanager
    def instead(self, op: Operation, block: Block, what: str) -> Iterator[None]:
        """Open `block` of `op` for the body of a `with`, out of sight of other blocks of `op` that are still open."""
        outer = self.open_blocks
        # The `then` branch may still be open: the `with` of its else may stand inside its own.
        self.open_blocks = [opened for opened in outer if opened.block.parent_op() is not op]
        with self.inside(block, what):
            yield
        self.open_blocks = outer

    def check_all_closed(self) -> None:
        """Raise DslError if a loop was left by `break` or `return`: its body is traced once, there is no way out."""
        innermost = self.open_blocks[-1]
        if len(self.open_blocks) > 1:
            raise DslError(
                innermost.line,
                f"this {innermost.what} was left by break, return or an exception; its body runs on the device, so it "
                "has to be traced to its end (use pto.if_context for what depends on run-time values)",
            )


_SCOPE: ContextVar[FunctionScope | None] = ContextVar("ptodsl_function_scope", default=None)


@contextmanager
def building(scope: FunctionScope) -> Iterator[None]:
    """Make `scope` the function under construction for the body of a `with`."""
    token = _SCOPE.set(scope)
    try:
        yield
    finally:
        _SCOPE.reset(token)


def current_scope() -> FunctionScope:
    """Return the function under construction. Raises DslError outside of one."""
    scope = _SCOPE.get()
    if scope is None:
        fail("operations can only be used while a function is being built (in ModuleBuilder.function or a @pto.func)")
    return scope


def no_function_open() -> bool:
    """Whether no function is under construction."""
    return _SCOPE.get() is None


def emit(make: Callable[[], OpT]) -> OpT:
    """Create an operation, check it and add it to the function under construction, located at the user's line.

    Raises DslError at that line if the operation's own rules are broken or it uses a value that is out of reach.
    """
    scope = current_scope()
    line = user_line()
    try:
        op = make()
        for operand in op.operands:
            _check_visible(scope, operand, op, line)
        # A loop or a branch comes with blocks and their terminators.
        for part in op.walk():
            part.location = line.attribute
        scope.insert(op)
        try:
            op.verify()
        except Exception:
            op.detach()  # type: ignore[no-untyped-call]  # who catches the error goes on with a module without it
            op.erase()
            raise
    # Constructors raise ValueError, too. A DslError is one, and has its line already.
    except (VerifyException, ValueError) as error:
        if isinstance(error, DslError):
            raise
        raise DslError(line, str(error)) from error
    return op


def _check_visible(scope: FunctionScope, operand: SSAValue, op: Operation, line: SourceLine) -> None:
    if not scope.sees(operand):
        name = f" %{operand.name_hint}" if operand.name_hint else ""
        raise DslError(
            line,
            f"{op.name}: the value{name} of type {operand.type} belongs to another function, or to a loop, branch or "
            "section that has ended; define it where it is used, or before the block that contains both",
        )


def constant(value: float, ty: Attribute) -> SSAValue:
    """Return `value` as a constant of type `ty`, at the top of the function; equal constants are shared."""
    scope = current_scope()
    key = (ty, value, math.copysign(1.0, value))  # -0.0 equals 0.0, and is another constant
    known = scope.constants.get(key)
    if known is not None:
        return known
    op = arith.ConstantOp(_constant_attribute(value, ty))
    op.location = user_line().attribute
    scope.insert_constant(op)
    scope.constants[key] = op.result
    return op.result


def _constant_attribute(value: float, ty: Attribute) -> IntegerAttr[IntegerType | IndexType] | FloatAttr[AnyFloat]:
    if isinstance(ty, AnyFloat):
        return FloatAttr(float(value), ty)
    if isinstance(ty, IndexType | IntegerType):
        if not isinstance(value, int):
            fail(f"{value!r} is not a whole number, so it cannot be a constant of type {ty}")
        try:
            return IntegerAttr(value, ty)
        except VerifyException as error:
            fail(f"the constant {value} does not fit into {ty}: {error}", error)
    fail(f"there are no constants of type {ty}: use an index, integer or float type")
