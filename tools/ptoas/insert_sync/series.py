"""Values that go round: a slot number i mod 3 that advances from pass to pass of a loop.

Integers of the program are looked at as sums, which say what a slot or an offset depends on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import gcd
from types import MappingProxyType

from xdsl.dialects import arith, scf
from xdsl.ir import BlockArgument, Operation, SSAValue

from ptodsl.dialect import GetBlockIdxOp, GetBlockNumOp, GetSubblockIdxOp, GetSubblockNumOp, checks


@dataclass(frozen=True, slots=True)
class Linear:
    """`constant` plus the sum of coefficient times value."""

    terms: Mapping[SSAValue, int]
    constant: int = 0

    def __add__(self, other: Linear) -> Linear:
        """Sum."""
        terms = dict(self.terms)
        for value, coefficient in other.terms.items():
            terms[value] = terms.get(value, 0) + coefficient
        return Linear({value: c for value, c in terms.items() if c}, self.constant + other.constant)

    def __mul__(self, factor: int) -> Linear:
        """Product with a number."""
        return Linear({value: c * factor for value, c in self.terms.items() if factor}, self.constant * factor)

    def modulo(self, modulus: int) -> Linear:
        """A form that is congruent, with coefficients and constant below the modulus."""
        terms = {value: c % modulus for value, c in self.terms.items() if c % modulus}
        return Linear(terms, self.constant % modulus)


NOTHING: Mapping[SSAValue, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Remainder:
    """A number that is congruent to `dividend` modulo `modulus`."""

    dividend: SSAValue
    modulus: int
    least: int
    """0, or where the dividend may be negative `1 - modulus`: division goes towards 0."""


class LinearForms:
    """Linear forms of values; answers are remembered."""

    def __init__(self) -> None:
        self._known: dict[SSAValue, Linear] = {}
        self._non_negative: dict[SSAValue, bool] = {}

    def of(self, value: SSAValue) -> Linear:
        """The form of a value, itself if nothing more is known."""
        if value not in self._known:
            self._known[value] = self._find(value)
        return self._known[value]

    def _find(self, value: SSAValue) -> Linear:
        constant = checks.constant_int(value)
        if constant is not None:
            return Linear(NOTHING, constant)
        match value.owner:
            case arith.AddiOp() as op:
                return self.of(op.lhs) + self.of(op.rhs)
            case arith.SubiOp() as op:
                return self.of(op.lhs) + self.of(op.rhs) * -1
            case arith.IndexCastOp() | arith.ExtSIOp() as op:
                return self.of(op.input)
            case arith.MuliOp() as op:
                factors = self.of(op.lhs), self.of(op.rhs)
                # A product is linear if one of the two is a constant.
                for one, other in (factors, factors[::-1]):
                    if not one.terms:
                        return other * one.constant
        return Linear({value: 1})

    def modulo(self, value: SSAValue, modulus: int) -> Linear:
        """A form that is congruent to the value, in which remainders by multiples of the modulus are resolved."""
        form = Linear(NOTHING)
        todo = [self.of(value)]
        while todo:
            part = todo.pop()
            form += Linear(NOTHING, part.constant)
            for term, coefficient in part.terms.items():
                inner = self.remainder(term)
                # A remainder by a multiple of the modulus is congruent to what is divided.
                if inner is not None and inner.modulus % modulus == 0:
                    todo.append(self.of(inner.dividend) * coefficient)
                else:
                    form += Linear({term: coefficient})
        return form.modulo(modulus)

    def remainder(self, value: SSAValue) -> Remainder | None:
        """The remainder by a positive constant that a value is, if it is one."""
        if not isinstance(value.owner, arith.RemSIOp | arith.RemUIOp):
            return None
        dividend, modulus = value.owner.lhs, checks.constant_int(value.owner.rhs)
        if modulus is None or modulus <= 0:
            return None
        if self.is_non_negative(dividend):
            return Remainder(dividend, modulus, 0)
        if isinstance(value.owner, arith.RemSIOp):
            return Remainder(dividend, modulus, 1 - modulus)
        # Of a negative number, taken as one without a sign, it is congruent to it by powers of two only.
        return Remainder(dividend, modulus, 0) if modulus.bit_count() == 1 else None

    def is_non_negative(self, value: SSAValue) -> bool:
        """Whether the value is known to be at least 0."""
        if value not in self._non_negative:
            self._non_negative[value] = False  # for values that depend on themselves
            self._non_negative[value] = self._check_sign(value)
        return self._non_negative[value]

    def _check_sign(self, value: SSAValue) -> bool:
        constant = checks.constant_int(value)
        if constant is not None:
            return constant >= 0
        if isinstance(value, BlockArgument):
            loop = value.block.parent_op()
            if not isinstance(loop, scf.ForOp) or value.index != 0:
                return False
            # A loop counts upwards.
            return self.is_non_negative(loop.lb)
        match value.owner:
            case arith.AddiOp() | arith.MuliOp() | arith.DivSIOp() as op:
                return self.is_non_negative(op.lhs) and self.is_non_negative(op.rhs)
            case arith.RemSIOp() as op:
                return self.is_non_negative(op.lhs)
            case arith.IndexCastOp() | arith.ExtSIOp() as op:
                return self.is_non_negative(op.input)
            case GetBlockIdxOp() | GetBlockNumOp() | GetSubblockIdxOp() | GetSubblockNumOp():
                return True
            case _:
                return False


MOST_SLOTS = 16
"""The largest modulus that is looked at."""

Sign = frozenset[tuple[SSAValue, int]]
"""The part of a sum that is known at run time only."""


@dataclass(frozen=True, slots=True)
class Series:
    """A value which in pass number t of `loop` is congruent to `unknown + constant + step * t` modulo `modulus`."""

    loop: scf.ForOp
    modulus: int
    step: int
    unknown: Sign
    constant: int
    form: Linear = field(compare=False)
    """The value in terms of the loop."""

    @property
    def period(self) -> int:
        """Passes after which the value comes again."""
        return self.modulus // gcd(self.step, self.modulus)

    def passes(self, residues: frozenset[int], copies: int) -> frozenset[int]:
        """The passes, modulo `copies`, in which the value is one of `residues`; counted from `unknown` = 0."""
        return frozenset(t for t in range(copies) if (self.constant + self.step * t) % self.modulus in residues)


@dataclass(frozen=True, slots=True)
class Condition:
    """That a series has one of some values."""

    series: Series
    residues: frozenset[int]


class SeriesFinder:
    """Finds the series behind values and conditions of one function."""

    def __init__(self) -> None:
        self.forms = LinearForms()

    def of(self, value: SSAValue, modulus: int) -> Series | None:
        """The series of `value` modulo a number, in the innermost loop that changes it; None if there is none."""
        if not 2 <= modulus <= MOST_SLOTS:
            return None
        form = self.forms.modulo(value, modulus)
        counters = {term: c for term, c in form.terms.items() if _loop_of(term) is not None}
        loop = _innermost(list(counters))
        # A term that the loop computes itself may change in any way from pass to pass.
        if loop is None or any(loop.is_ancestor(term.owner) for term in form.terms if term not in counters):
            return None
        step, base = 0, Linear({}, form.constant)
        for term, coefficient in form.terms.items():
            if _loop_of(term) is not loop:
                base += Linear({term: coefficient})
                continue
            advance = self._advance(term, modulus)
            if advance is None:
                return None
            step += coefficient * advance
            base += self.forms.modulo(_first(term), modulus) * coefficient
        base = base.modulo(modulus)
        # The same in every pass: nothing takes turns by it.
        if step % modulus == 0:
            return None
        return Series(loop, modulus, step % modulus, frozenset(base.terms.items()), base.constant, form)

    def _advance(self, counter: SSAValue, modulus: int) -> int | None:
        """By how much a loop's argument grows from pass to pass, modulo a number."""
        loop = _loop_of(counter)
        assert loop is not None
        assert isinstance(counter, BlockArgument)
        if counter.index == 0:
            return checks.constant_int(loop.step)
        yielded = loop.body.block.last_op
        assert yielded is not None
        grown = self.forms.modulo(yielded.operands[counter.index - 1], modulus)
        # A carried argument counts if what is yielded for it is itself plus a constant.
        return grown.constant if dict(grown.terms) == {counter: 1} else None

    def choices(self, value: SSAValue) -> list[tuple[int, tuple[Condition, ...]]] | None:
        """What a value may be, if it is one of few: it is a constant, or depends on one remainder by a constant."""
        form = self.forms.of(value)
        if not form.terms:
            return [(form.constant, ())]
        if len(form.terms) > 1:
            return None
        ((term, coefficient),) = form.terms.items()
        slot = self.forms.remainder(term)
        if slot is None or slot.modulus > MOST_SLOTS:
            return None
        series = self.of(slot.dividend, slot.modulus)
        numbers = range(slot.least, slot.modulus)
        residues = [frozenset((number % slot.modulus,)) for number in numbers]
        return [
            (form.constant + coefficient * number, () if series is None else (Condition(series, residue),))
            for number, residue in zip(numbers, residues, strict=True)
        ]

    def branches(self, condition: SSAValue) -> tuple[Condition | None, Condition | None]:
        """What is known where a condition holds, and where it does not."""
        compared = condition.owner
        if not isinstance(compared, arith.CmpiOp) or compared.predicate.value.data not in (_EQUAL, _NOT_EQUAL):
            return None, None
        form = self.forms.of(compared.lhs) + self.forms.of(compared.rhs) * -1
        slot = self.forms.remainder(next(iter(form.terms))) if len(form.terms) == 1 else None
        if slot is None or abs(next(iter(form.terms.values()))) != 1:
            return None, None
        series = self.of(slot.dividend, slot.modulus)
        if series is None:
            return None, None
        # Equal means coefficient * remainder + constant = 0, and the coefficient is 1 or -1.
        number = -form.constant * next(iter(form.terms.values()))
        equal = Condition(series, frozenset((number % slot.modulus,)))
        # The remainder of a negative number is not the one that its residue says.
        others = None if slot.least else frozenset(range(slot.modulus)) - {number}
        different = None if others is None else Condition(series, others)
        return (equal, different) if compared.predicate.value.data == _EQUAL else (different, equal)


_EQUAL, _NOT_EQUAL = 0, 1
"""Predicates of `arith.cmpi`."""


def _loop_of(value: SSAValue) -> scf.ForOp | None:
    """The loop of which a value is the counter or a carried argument."""
    owner = value.block.parent_op() if isinstance(value, BlockArgument) else None
    return owner if isinstance(owner, scf.ForOp) else None


def _first(counter: SSAValue) -> SSAValue:
    """What a loop's argument is in the first pass."""
    loop = _loop_of(counter)
    assert loop is not None
    assert isinstance(counter, BlockArgument)
    return loop.lb if counter.index == 0 else loop.iter_args[counter.index - 1]


def _innermost(counters: list[SSAValue]) -> scf.ForOp | None:
    """The innermost of the loops of some counters."""
    loops = [loop for counter in counters if (loop := _loop_of(counter)) is not None]
    return max(loops, key=_depth, default=None)


def _depth(op: Operation) -> int:
    depth, around = 0, op.parent_op()
    while around is not None:
        depth, around = depth + 1, around.parent_op()
    return depth
