"""How families are written: operands by what they are, and the two kinds of families."""

from __future__ import annotations

from isa.op import Decides, Extent, Family, Hidden, Operand, Role, Work
from isa.pipes import Pipe


def whole(name: str, role: Role = Role.READ) -> Operand:
    """A tile of the shape of the operation."""
    return Operand(name, role, Extent.WHOLE, None, False)


def row_values(name: str, role: Role = Role.READ) -> Operand:
    """A tile with a value for each row."""
    return Operand(name, role, Extent.ROWS, None, False)


def col_values(name: str, role: Role = Role.READ) -> Operand:
    """A tile with a value for each column."""
    return Operand(name, role, Extent.COLS, None, False)


def other(name: str, role: Role = Role.READ) -> Operand:
    """What a class of its own checks."""
    return Operand(name, role, Extent.OTHER, None, False)


def own(name: str, role: Role = Role.READ, types: tuple[str, ...] | None = None, *, optional: bool = False) -> Operand:
    """A tile in UB that a rule of the operation checks."""
    return Operand(name, role, Extent.OWN, types, optional)


def scratch(types: tuple[str, ...] | None = None, *, optional: bool = False) -> Operand:
    """Working space that a rule of the operation checks."""
    return own("tmp", Role.SCRATCH, types, optional=optional)


SCALAR = Operand("scalar", Role.SCALAR, Extent.OTHER, None, False)


def vector(
    name: str,
    rule: str,
    parameters: str,
    *operands: Operand,
    signature: str | None = None,
    work: Work = Work.PASS,
    hidden: Hidden = Hidden.NEVER,
    modes: int = 0,
) -> Family:
    """A family of vector operations on tiles in UB; `signature` if the DSL has another order than the dialect."""
    return family(name, rule, parameters, Pipe.V, work, *operands, signature=signature, hidden=hidden, modes=modes)


def family(
    name: str,
    rule: str,
    parameters: str,
    pipe: Pipe | Decides,
    work: Work,
    *operands: Operand,
    signature: str | None = None,
    hidden: Hidden = Hidden.NEVER,
    modes: int = 0,
) -> Family:
    """A family; `signature` if the DSL has another order than the dialect."""
    names = tuple(parameters.split())
    order = names if signature is None else tuple(signature.split())
    return Family(name, operands, names, order, pipe, hidden, work, modes, rule)
