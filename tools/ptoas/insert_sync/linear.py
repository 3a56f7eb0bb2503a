"""Integers of a program as sums: what a slot or an offset depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from xdsl.dialects import arith, scf
from xdsl.ir import BlockArgument, SSAValue

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
    """`dividend` mod `modulus`."""

    dividend: SSAValue
    modulus: int


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
                inner = remainder(term)
                # A remainder by a multiple of the modulus is congruent to what is divided.
                if inner is not None and inner.modulus % modulus == 0:
                    todo.append(self.of(inner.dividend) * coefficient)
                else:
                    form += Linear({term: coefficient})
        return form.modulo(modulus)

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


def remainder(value: SSAValue) -> Remainder | None:
    """The remainder by a positive constant that a value is, if it is one."""
    match value.owner:
        case arith.RemSIOp() | arith.RemUIOp() as op:
            modulus = checks.constant_int(op.rhs)
            return Remainder(op.lhs, modulus) if modulus is not None and modulus > 0 else None
        case _:
            return None
