"""What a row of the operation table (`isa.ops`) consists of. Nothing has a default: a forgotten field is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from isa.elements import BY_MLIR
from isa.pipes import Pipe


class Role(Enum):
    """What an operation does to an operand."""

    READ = "read"
    WRITE = "write"
    UPDATE = "read, then written"
    SCRATCH = "working space: written, and of no meaning afterwards"
    NAMED = "its type matters, its bytes do not"
    SCALAR = "a scalar of the tiles' element type"
    INDEX = "a whole number: a row, a column, a position"


class Extent(Enum):
    """The valid shape and the layout of an operand."""

    WHOLE = "row-major, the same for all such operands"
    ROWS = "[rows, 1], column-major: one value per row"
    COLS = "[1, cols], row-major: one value per column"
    ENOUGH = "row-major, of a size that the family checks"
    OWN = "in UB; the rule of the operation says the rest"
    OTHER = "what a class of its own checks, or not a tile"


class Order(Enum):
    """How an operation walks the tiles that have its shape."""

    ROWS = "row by row"
    STRIPS = "strip by strip"
    SOURCE = "source once, row by row or strip by strip"
    """Row reductions: every repeat of the source is read once before anything else. Published costs tell that much."""
    UNKNOWN = "not known"


class Work(Enum):
    """What an operation of a family issues, in instructions of its row."""

    PASS = "each instruction passes over the largest tile"
    BROADCAST = "row values are spread over a block each, then a pass"
    ROW_REDUCTION = "a pass, then the reduction of what it leaves"
    COLUMN_REDUCTION = "a pass"
    MOVED = "bytes on a path between two memories"
    PRODUCT = "multiply-accumulates of the matrix unit"
    SIGNAL = "no work: a flag, a FIFO's signal, or the scalar unit's own"


class Hidden(Enum):
    """When the device library works in `a3.LIBRARY_SCRATCH` without an operand that says so."""

    NEVER = "never"
    COLUMN_MAJOR_ROWS = "the operand with one value per row is column-major and there is no scratch operand"
    BY_CONVERSION = "for some pairs of element types: see the conversions"
    WITHIN_UB = "source and destination are in UB"


class Decides(Enum):
    """What else than the operation decides which pipe runs it."""

    SOURCE = "the memory of `src`: see MOVE_PIPES"
    STORED = "the memory of `src`: see STORE_PIPES"
    DIRECTION = "the direction of the FIFO: the pipe of the stores into the entry"


MOVE_PIPES: Mapping[str, Pipe] = {"mat": Pipe.MTE1, "vec": Pipe.V, "acc": Pipe.FIX}
"""Pipe of a move between on-chip memories, by the place of its source."""

STORE_PIPES: Mapping[str, Pipe] = {"acc": Pipe.FIX, "vec": Pipe.MTE3}
"""Pipe of a store to GM by the place of its source."""


@dataclass(frozen=True)
class Operand:
    """An operand of a family of operations."""

    name: str
    role: Role
    extent: Extent
    types: tuple[str, ...] | None
    """Its element types in MLIR; None if it has that of the row."""

    optional: bool
    """Whether a program may leave it out."""

    @property
    def is_tile(self) -> bool:
        """Whether it is a tile, or a slice of GM."""
        return self.role not in (Role.SCALAR, Role.INDEX)

    @property
    def is_written(self) -> bool:
        """Whether it is, be it as scratch."""
        return self.role in (Role.WRITE, Role.UPDATE, Role.SCRATCH)

    @property
    def is_read(self) -> bool:
        """Whether what was in it before matters."""
        return self.role in (Role.READ, Role.UPDATE)


@dataclass(frozen=True)
class Family:
    """Operations that differ in what they compute, and in nothing else."""

    name: str
    """As the runtime calls it: its list of operations is PTO_<NAME>_OPS."""

    operands: tuple[Operand, ...]
    """In the order of the dialect: inputs, then the destination."""

    parameters: tuple[str, ...]
    """What `ptodsl.tile` calls them: the names of pto-dsl 0.1.2."""

    signature: tuple[str, ...]
    """The parameters in the order of `ptodsl.tile`, as Python writes them: `tmp=None`, `*`."""

    pipe: Pipe | Decides
    hidden: Hidden
    work: Work
    modes: int
    """Arguments at the end of the C++ call that are neither tiles nor scalars: roundings and the like."""

    rule: str
    """What it computes in words of its operands, with {} for what the operation is: `dst = {}`."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the operands that are read."""
        return tuple(operand.name for operand in self.operands if operand.is_read)

    @property
    def writes(self) -> tuple[str, ...]:
        """Names of the operands that are written; those in scratch come first."""
        return tuple(operand.name for operand in self.operands if operand.is_written)

    @property
    def walked(self) -> str:
        """The operand whose shape it walks: the source of a reduction, and the destination of anything else."""
        reduces = self.work in (Work.ROW_REDUCTION, Work.COLUMN_REDUCTION)
        return self.operands[0 if reduces else -1].name

    @property
    def is_regular(self) -> bool:
        """Whether these fields say all that its members check: no class of the dialect has rules of its own."""
        return self.pipe is Pipe.V and all(o.extent is not Extent.OTHER for o in self.operands if o.is_tile)

    @property
    def arguments(self) -> tuple[Operand, ...]:
        """Operands in the order of the C++ call: the destination first."""
        return (*self.operands[-1:], *self.operands[:-1])


@dataclass(frozen=True)
class Op:
    """An operation: one row of the table."""

    cpp: str
    """Name of its C++ function, and in traces."""

    dialect: str | None
    """Name in the dialect, without `pto.`; None if the dialect has it not."""

    dsl: str | None
    """Name in `ptodsl.tile`; None if it is elsewhere, or nowhere."""

    family: Family

    types: tuple[str, ...]
    """Element types in MLIR; empty where tables of their own say it."""

    meaning: str
    """What it computes, to be put into the family's rule."""

    function: str | None
    """Functor of the runtime; None if the operation has an implementation of its own."""

    cost: tuple[str, ...]
    """Vector instructions that it consists of: names in `isa.costs.INSTRUCTIONS`."""

    order: Order
    """How it walks its tiles, if it is one pass of one instruction."""

    distinct: tuple[tuple[str, str], ...]
    """Pairs of operands that must be different tiles."""

    def __post_init__(self) -> None:
        """Check what a row can be checked for; raises ValueError."""
        unknown = set(self.types) - set(BY_MLIR)
        if unknown:
            raise ValueError(f"{self.cpp}: {', '.join(sorted(unknown))} is no element type (isa.elements)")
        names = {operand.name for operand in self.family.operands}
        stray = {name for pair in self.distinct for name in pair} - names
        if stray:
            raise ValueError(f"{self.cpp}: family {self.family.name} has no operand {', '.join(sorted(stray))}")

    @property
    def formula(self) -> str:
        """What it computes: `dst = lhs + rhs`."""
        return self.family.rule.format(self.meaning)

    @property
    def dsl_formula(self) -> str:
        """The same with the operands as `ptodsl.tile` calls them: `out = lhs + rhs`."""
        family = self.family
        names = {operand.name: name for operand, name in zip(family.operands, family.parameters, strict=True)}
        # Whole words in one pass: `src` is a part of `src0`, and a new name may be another operand's old one.
        return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), self.formula)
