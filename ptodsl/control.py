"""Control flow on run-time values. Bodies are traced once and run on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from xdsl.dialects import scf
from xdsl.dialects.builtin import i1
from xdsl.ir import Block, Region

from ptodsl.dialect.control import SectionCubeOp, SectionOp, SectionVectorOp
from ptodsl.errors import fail
from ptodsl.scope import FunctionScope, current_scope, emit
from ptodsl.values import INDEX, Scalar, as_scalar


def loop(start: Scalar | int, stop: Scalar | int, step: Scalar | int = 1) -> Iterator[Scalar]:
    """Iterate over `start, start + step, ...` below `stop` on the device: `for i in pto.range(0, n, 1):`.

    Bounds are whole numbers or scalars of one type (index, or one integer type). The loop variable is a scalar of it.
    """
    given = [bound for bound in (start, stop, step) if isinstance(bound, Scalar)]
    # A bound that is a scalar decides the type of those that are Python numbers.
    ty = given[0].type if given else INDEX
    first, end, stride = (as_scalar(b, ty, n).ssa for b, n in ((start, "start"), (stop, "stop"), (step, "step")))
    if isinstance(step, int) and step <= 0:
        fail(f"step must be positive, not {step}")
    body = Block([scf.YieldOp()], arg_types=[ty])
    op = emit(lambda: scf.ForOp(first, end, stride, [], Region(body)))
    variable = body.args[0]
    variable.location = op.location
    # One value only: Python's `for` runs its body once, which traces it, and comes back behind the yield.
    with current_scope().inside(body, "loop"):
        yield Scalar(variable)


class Branch:
    """The object that `if_context` yields."""

    def __init__(self, scope: FunctionScope, op: scf.IfOp) -> None:
        self._scope = scope
        self._op = op

    @contextmanager
    def else_context(self) -> Iterator[None]:
        """Trace what runs when the condition is false, for the body of a `with`."""
        if not self._op.false_region.blocks:
            fail("this if_context has no else: pass has_else=True")
        with self._scope.instead(self._op, self._op.false_region.block, "else branch"):
            yield


@contextmanager
def if_context(condition: Scalar, has_else: bool = False) -> Iterator[Branch]:
    """Trace what runs when `condition` (i1) is true, for the body of a `with`; it yields a `Branch` for its else."""
    chosen = as_scalar(condition, i1, "condition").ssa
    then = Region(Block([scf.YieldOp()]))
    otherwise = Region(Block([scf.YieldOp()])) if has_else else None
    op = emit(lambda: scf.IfOp(chosen, [], then, otherwise))
    scope = current_scope()
    with scope.inside(op.true_region.block, "branch"):
        yield Branch(scope, op)


def cond(
    condition: Scalar, then_builder: Callable[[], object], else_builder: Callable[[], object] | None = None
) -> None:
    """Trace `then_builder()` for a true condition and `else_builder()` for a false one."""
    with if_context(condition, has_else=else_builder is not None) as branch:
        then_builder()
    if else_builder is not None:
        with branch.else_context():
            else_builder()


@contextmanager
def _section(op: SectionOp) -> Iterator[None]:
    emit(lambda: op)
    with current_scope().inside(op.block, "section"):
        yield


def vector_section() -> AbstractContextManager[None]:
    """Trace what the vector cores run in an entry without kernels of its own, for the body of a `with`."""
    return _section(SectionVectorOp())


def cube_section() -> AbstractContextManager[None]:
    """Trace what the cube core runs in an entry without kernels of its own, for the body of a `with`."""
    return _section(SectionCubeOp())
