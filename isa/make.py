"""How the operation table is written: operands by what they are, families of two kinds, and rows."""

from __future__ import annotations

from collections.abc import Iterator

from isa.op import Decides, Extent, Family, Hidden, Op, Operand, Order, Role, Work
from isa.pipes import Pipe


def whole(name: str, role: Role = Role.READ, types: tuple[str, ...] | None = None) -> Operand:
    """A tile of the shape of the operation."""
    return Operand(name, role, Extent.WHOLE, types, False)


def row_values(name: str, role: Role = Role.READ, types: tuple[str, ...] | None = None) -> Operand:
    """A tile with a value for each row."""
    return Operand(name, role, Extent.ROWS, types, False)


def col_values(name: str, role: Role = Role.READ, types: tuple[str, ...] | None = None) -> Operand:
    """A tile with a value for each column."""
    return Operand(name, role, Extent.COLS, types, False)


def other(name: str, role: Role = Role.READ) -> Operand:
    """What a class of its own checks."""
    return Operand(name, role, Extent.OTHER, None, False)


def own(name: str, role: Role = Role.READ, types: tuple[str, ...] | None = None, *, optional: bool = False) -> Operand:
    """A tile in UB that a rule of the operation checks."""
    return Operand(name, role, Extent.OWN, types, optional)


def scratch(types: tuple[str, ...] | None = None, *, optional: bool = False) -> Operand:
    """Working space that a rule of the operation checks."""
    return own("tmp", Role.SCRATCH, types, optional=optional)


def number(name: str, role: Role = Role.INDEX, types: tuple[str, ...] | None = None) -> Operand:
    """No tile: a position, or a scalar."""
    return Operand(name, role, Extent.OTHER, types, False)


SRC, LHS, RHS, DST = whole("src"), whole("lhs"), whole("rhs"), whole("dst", Role.WRITE)
OWN_SRC, OWN_DST = own("src"), own("dst", Role.WRITE)
SCALAR = number("scalar", Role.SCALAR)


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


Distinct = tuple[tuple[str, str], ...]

ANY: Distinct = ()
"""No operands that must be different tiles."""
OTHER_DST = (("dst", "src"),)
OWN_TMP = (("tmp", "src"), ("tmp", "dst"))
OTHER_DST_2 = (("dst", "lhs"), ("dst", "rhs"))
OWN_TMP_2 = (("tmp", "lhs"), ("tmp", "rhs"), ("tmp", "dst"))
"""Operands that must be."""

Row = tuple[str, str | None, tuple[str, ...], str, str | None, str, Order, Distinct]


def rows_of(family: Family, *rows: Row) -> Iterator[Op]:
    """Rows of one family, whose names in the dialect are those of C++ in small letters.

    Columns: names in C++ and in the DSL, element types, meaning, functor, instructions, walk order, distinct operands.
    """
    for cpp, dsl, types, meaning, function, cost, order, distinct in rows:
        yield Op(cpp, cpp.lower(), dsl, family, types, meaning, function, tuple(cost.split()), order, distinct)


def special(
    family: Family,
    cpp: str,
    dsl: str | None,
    types: tuple[str, ...],
    meaning: str,
    cost: str,
    distinct: Distinct,
    *,
    function: str | None = None,
    dialect: str | None = None,
) -> Op:
    """A row of unknown walk order; as in `rows_of`, unless `dialect` is another name."""
    return Op(
        cpp, dialect or cpp.lower(), dsl, family, types, meaning, function, tuple(cost.split()), Order.UNKNOWN, distinct
    )


def plain(
    family: Family, cpp: str, dialect: str, dsl: str | None, meaning: str, cost: str = "", distinct: Distinct = ANY
) -> Op:
    """A row of what does not compute element by element: no element types, no functor, no walk order."""
    return special(family, cpp, dsl, (), meaning, cost, distinct, dialect=dialect)
