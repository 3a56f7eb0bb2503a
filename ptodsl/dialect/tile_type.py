"""`!pto.tile_buf`: the type of an on-chip tile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from xdsl.ir import Data, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from isa import a3
from ptodsl.dialect.elements import (
    DYNAMIC,
    E,
    ElementType,
    dim_text,
    element_bytes,
    element_name,
    element_type,
    parse_body,
    parse_dim,
    parse_int,
    parse_member,
)
from ptodsl.dialect.limits import DeviceLimit


class Loc(StrEnum):
    """Memory space of a tile; `a3.BUFFER_OF_LOC` has the buffer."""

    VEC = "vec"
    MAT = "mat"
    LEFT = "left"
    RIGHT = "right"
    ACC = "acc"
    BIAS = "bias"
    SCALING = "scaling"

    @property
    def buffer(self) -> a3.Buffer:
        """The on-chip buffer of this memory space."""
        return a3.BUFFER_OF_LOC[self.value]


class BLayout(StrEnum):
    """Order of the fractal boxes (or of the elements, without boxes)."""

    ROW_MAJOR = "row_major"
    COL_MAJOR = "col_major"


class SLayout(StrEnum):
    """Order of the elements inside a fractal box; NONE_BOX is an unboxed tile."""

    NONE_BOX = "none_box"
    ROW_MAJOR = "row_major"
    COL_MAJOR = "col_major"


class Pad(StrEnum):
    """What fills the part of a tile outside its valid region; the integer in the type is the position here."""

    NULL = "null"
    ZERO = "zero"
    MAX = "max"
    MIN = "min"


PADS = tuple(Pad)


class Compact(StrEnum):
    """How a boxed tile that is not full is stored; the integer in the type is the position here."""

    NULL = "null"
    NORMAL = "normal"
    ROW_PLUS_ONE = "row_plus_one"


COMPACTS = tuple(Compact)

DEFAULT_LAYOUTS: dict[Loc, tuple[BLayout, SLayout, int]] = {
    Loc.VEC: (BLayout.ROW_MAJOR, SLayout.NONE_BOX, a3.FRACTAL_BYTES),
    Loc.MAT: (BLayout.COL_MAJOR, SLayout.ROW_MAJOR, a3.FRACTAL_BYTES),
    Loc.LEFT: (BLayout.ROW_MAJOR, SLayout.ROW_MAJOR, a3.FRACTAL_BYTES),
    Loc.RIGHT: (BLayout.ROW_MAJOR, SLayout.COL_MAJOR, a3.FRACTAL_BYTES),
    Loc.ACC: (BLayout.COL_MAJOR, SLayout.ROW_MAJOR, a3.ACC_FRACTAL_BYTES),
    Loc.BIAS: (BLayout.ROW_MAJOR, SLayout.NONE_BOX, a3.FRACTAL_BYTES),
    Loc.SCALING: (BLayout.ROW_MAJOR, SLayout.NONE_BOX, a3.FRACTAL_BYTES),
}
"""blayout, slayout and fractal size of a tile that does not say otherwise."""


@dataclass(frozen=True)
class TileSpec:
    """Everything a `!pto.tile_buf` says; VerifyException when no such tile can exist."""

    loc: Loc
    dtype: ElementType
    rows: int
    cols: int
    v_row: int
    """Rows of the valid region, or DYNAMIC."""
    v_col: int
    """Columns of the valid region, or DYNAMIC."""
    blayout: BLayout
    slayout: SLayout
    fractal: int
    pad: Pad
    compact: Compact = Compact.NULL

    def __post_init__(self) -> None:
        """Check the shape against itself and against the storage unit of its layout."""
        # Raises for what is no element type.
        element_name(self.dtype)
        if self.rows <= 0 or self.cols <= 0:
            raise VerifyException(f"tile shape {self.rows}x{self.cols} must be positive")
        for name, valid, size in (("v_row", self.v_row, self.rows), ("v_col", self.v_col, self.cols)):
            if valid != DYNAMIC and not 0 < valid <= size:
                raise VerifyException(f"{name}={valid} must be between 1 and the tile's {size}, or ? for dynamic")
        if self.loc is Loc.VEC and self.rows > a3.MAX_VEC_ROWS:
            raise VerifyException(
                f"a vec tile has at most {a3.MAX_VEC_ROWS} rows, not {self.rows}: use several, or [1, n] for a vector"
            )

    def check_storage(self) -> None:
        """Check that the tile fills whole units of storage; windows of unboxed tiles need not.

        Raises:
            DeviceLimit: it fills no whole boxes, or has none where the device has nothing else.
            VerifyException: it fills no whole blocks.
        """
        if self.slayout is SLayout.NONE_BOX and self.loc in (Loc.LEFT, Loc.RIGHT, Loc.ACC):
            b, s, fractal = DEFAULT_LAYOUTS[self.loc]
            raise DeviceLimit(
                f"a tile in {self.loc} has boxes: write blayout={b}, slayout={s}, fractal={fractal}, since the short "
                "form means row_major / none_box everywhere"
            )
        row_unit, col_unit = self.storage_unit
        if self.rows % row_unit or self.cols % col_unit:
            kind = VerifyException if self.slayout is SLayout.NONE_BOX else DeviceLimit
            raise kind(
                f"a {self.loc} tile of {element_name(self.dtype)}, {self.blayout} / {self.slayout}, is stored in units "
                f"of {row_unit}x{col_unit} elements: {self.rows}x{self.cols} is not a multiple"
            )

    @property
    def storage_unit(self) -> tuple[int, int]:
        """Rows and columns of the smallest unit of storage: a fractal box, or a 32-byte block."""
        size = element_bytes(self.dtype)
        per_block = a3.BLOCK_BYTES // size
        # Boxes of accumulators are square, whatever the bytes of an element (a3.ACC_FRACTAL_BYTES).
        if self.loc is Loc.ACC:
            return a3.FRACTAL_ROWS, a3.FRACTAL_ROWS
        if self.slayout is SLayout.ROW_MAJOR:
            return a3.FRACTAL_ROWS, per_block
        if self.slayout is SLayout.COL_MAJOR:
            return per_block, a3.FRACTAL_ROWS
        return (1, per_block) if self.blayout is BLayout.ROW_MAJOR else (per_block, 1)


@irdl_attr_definition
class TileBufType(Data[TileSpec], TypeAttribute):
    """`!pto.tile_buf<loc=vec, dtype=f32, rows=32, cols=256, v_row=32, v_col=256, blayout=..., ...>`: a tile on chip.

    The short form `!pto.tile_buf<vec, 32x256xf32, valid=16x?, pad=1>` is read, too, but not printed.
    """

    name = "pto.tile_buf"

    @staticmethod
    def of(
        shape: tuple[int, int],
        dtype: ElementType,
        loc: Loc | str,
        *,
        valid: tuple[int, int] | None = None,
        blayout: BLayout | str | None = None,
        slayout: SLayout | str | None = None,
        fractal: int | None = None,
        pad: Pad | str = Pad.NULL,
        compact: Compact | str = Compact.NULL,
    ) -> TileBufType:
        """Build the type of a tile of `shape`, (rows, columns) in elements; the layout by default as `DEFAULT_LAYOUTS`.

        `valid` is all of `shape` by default, and DYNAMIC where it is known at run time only; `fractal` is in bytes.
        Raises VerifyException if no such tile can exist.
        """
        loc = Loc(loc)
        default_b, default_s, default_fractal = DEFAULT_LAYOUTS[loc]
        v_row, v_col = valid or shape
        order, inner, box = BLayout(blayout or default_b), SLayout(slayout or default_s), fractal or default_fractal
        return TileBufType(TileSpec(loc, dtype, *shape, v_row, v_col, order, inner, box, Pad(pad), Compact(compact)))

    @property
    def loc(self) -> Loc:
        """Memory space."""
        return self.data.loc

    @property
    def dtype(self) -> ElementType:
        """Element type."""
        return self.data.dtype

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns that are stored."""
        return self.data.rows, self.data.cols

    @property
    def valid_shape(self) -> tuple[int, int]:
        """Rows and columns that hold data; DYNAMIC where known at run time only."""
        return self.data.v_row, self.data.v_col

    @property
    def byte_size(self) -> int:
        """Bytes that the tile occupies in its buffer."""
        return self.data.rows * self.data.cols * element_bytes(self.data.dtype)

    @property
    def is_row_major(self) -> bool:
        """Whether the tile is unboxed and row-major: what element-wise vector ops work on."""
        return self.data.blayout is BLayout.ROW_MAJOR and self.data.slayout is SLayout.NONE_BOX

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> TileSpec:
        """Parse `<loc=vec, ...>` or `<vec, 32x256xf32, ...>`."""
        return parse_body(parser, spec_of_body)

    def print_parameter(self, printer: Printer) -> None:
        """Print `<loc=vec, ...>`."""
        printer.print_string(_tile_text(self.data))


@cache
def _tile_text(spec: TileSpec) -> str:
    """Body of a tile type, brackets included."""
    values = {key: getattr(spec, key) for key in _LONG_KEYS}
    values["dtype"] = element_name(spec.dtype)
    values["v_row"] = dim_text(spec.v_row)
    values["v_col"] = dim_text(spec.v_col)
    values["pad"] = PADS.index(spec.pad)
    if spec.compact is not Compact.NULL:
        values["compact"] = COMPACTS.index(spec.compact)
    return f"<{', '.join(f'{key}={value}' for key, value in values.items())}>"


_LONG_KEYS = ("loc", "dtype", "rows", "cols", "v_row", "v_col", "blayout", "slayout", "fractal", "pad")
"""Keys of the long form, all of them in this order; `compact` may follow."""

_SHORT_KEYS = ("valid", "blayout", "slayout", "fractal", "pad", "compact")
"""Keys that may follow memory space and shape in the short form, in any order."""

_SHORT_DEFAULTS = {"blayout": "row_major", "slayout": "none_box", "fractal": str(a3.FRACTAL_BYTES), "pad": "0"}
"""What the short form leaves out, the same in every memory space (so not `DEFAULT_LAYOUTS`)."""

_SHAPE = re.compile(r"(\d+)\s*x\s*(\d+)\s*x\s*(\w+)", re.ASCII)
_VALID = re.compile(r"(\?|\d+)\s*x\s*(\?|\d+)", re.ASCII)


@cache
def spec_of_body(body: str) -> TileSpec:
    """Parse the body of a tile type, without brackets: the long form starts with `loc=`, the short one does not."""
    parts = [part.strip() for part in body.split(",")]
    words = (part.partition("=") for part in parts)
    pairs = [(key.strip(), value.strip()) for key, _, value in words]
    if pairs[0][0] == "loc":
        values = dict(pairs)
        expected = (*_LONG_KEYS, "compact") if "compact" in values else _LONG_KEYS
        if tuple(key for key, _ in pairs) != expected:
            raise VerifyException(
                f"a !pto.tile_buf that starts with loc= has the keys {', '.join(_LONG_KEYS)} in this order and may end "
                f"with compact, not <{body}>"
            )
    else:
        values = _short_values(parts, pairs, body)
    return TileSpec(
        parse_member(Loc, values["loc"], "loc"),
        element_type(values["dtype"]),
        parse_int(values["rows"], "rows"),
        parse_int(values["cols"], "cols"),
        parse_dim(values["v_row"]),
        parse_dim(values["v_col"]),
        parse_member(BLayout, values["blayout"], "blayout"),
        parse_member(SLayout, values["slayout"], "slayout"),
        parse_int(values["fractal"], "fractal"),
        _numbered(PADS, values["pad"], "pad"),
        _numbered(COMPACTS, values.get("compact", "0"), "compact"),
    )


def _short_values(parts: Sequence[str], pairs: Sequence[tuple[str, str]], body: str) -> dict[str, str]:
    """Keys of the long form from `vec, 32x256xf32` and the keys behind it."""
    shape = _SHAPE.fullmatch(parts[1]) if len(parts) > 1 else None
    if shape is None:
        raise VerifyException(f"expected a memory space and a shape like vec, 32x256xf32, not <{body}>")
    given = dict(pairs[2:])
    # A key that stands twice is one entry of the dictionary.
    if len(given) < len(pairs) - 2 or not set(given) <= set(_SHORT_KEYS):
        raise VerifyException(f"behind the shape of a !pto.tile_buf each of {', '.join(_SHORT_KEYS)} may stand once")
    rows, cols, dtype = shape.groups()
    valid = _VALID.fullmatch(given.pop("valid", f"{rows}x{cols}"))
    if valid is None:
        raise VerifyException("valid must be like 16x64 or ?x64")
    named = {"loc": parts[0], "dtype": dtype, "rows": rows, "cols": cols, "v_row": valid[1], "v_col": valid[2]}
    return {**_SHORT_DEFAULTS, **named, **given}


def _numbered(members: Sequence[E], text: str, key: str) -> E:
    """The member at the position that is spelled `text`; `key` names it in the error."""
    number = parse_int(text, key)
    if number >= len(members):
        raise VerifyException(f"{key}={number} must be between 0 and {len(members) - 1}")
    return members[number]
