"""Types as the Python API names them. Each function returns a type of the dialect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from xdsl.dialects.builtin import StringAttr, bf16, f16, f32, i1, i8, i16, i32, i64
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import (
    DYNAMIC,
    ELEMENT_TYPES,
    PADS,
    ElementType,
    Loc,
    MultiTileBufType,
    MultiTileSpec,
    Pad,
    PartitionTensorViewType,
    PtrType,
    TensorViewType,
    TileBufType,
)
from ptodsl.dialect.elements import ui8, ui16, ui32
from ptodsl.dialect.tile_type import BLayout, SLayout
from ptodsl.errors import fail
from ptodsl.values import INDEX

T = TypeVar("T")

float16 = f16
bfloat16 = bf16
float32 = f32
int8 = i8
int16 = i16
int32 = i32
int64 = i64
uint8 = ui8
uint16 = ui16
uint32 = ui32
boolean = i1
index = INDEX

_B_LAYOUTS = {"RowMajor": BLayout.ROW_MAJOR, "ColMajor": BLayout.COL_MAJOR}
_S_LAYOUTS = {"NoneBox": SLayout.NONE_BOX, "RowMajor": SLayout.ROW_MAJOR, "ColMajor": SLayout.COL_MAJOR}
_PADS = {"Null": Pad.NULL, "Zero": Pad.ZERO, "Max": Pad.MAX, "Min": Pad.MIN}

DEFAULT_FRACTAL = 512
"""Bytes of a fractal box unless a `TileBufConfig` says otherwise."""


@dataclass(frozen=True)
class TileBufConfig:
    """How the elements of a tile are ordered and padded."""

    blayout: str = "RowMajor"
    """Order of the boxes, or of the elements if there are none: RowMajor or ColMajor."""

    slayout: str = "NoneBox"
    """Order inside a box: NoneBox, RowMajor or ColMajor."""

    s_fractal_size: int = DEFAULT_FRACTAL
    """Bytes of a box."""

    pad: str = "Null"
    """What lies outside the valid region: Null, Zero, Max or Min."""

    def attr(self) -> StringAttr:
        """Return the fields as a tile's type has them: `blayout=row_major, slayout=none_box, fractal=512, pad=0`."""
        fields = {**_layout(self), "pad": PADS.index(_PADS[self.pad])}
        return StringAttr(", ".join(f"{name}={value}" for name, value in fields.items()))


def make_ptr_type(dtype: ElementType) -> PtrType:
    """Return the type of a pointer to `dtype` in GM."""
    return PtrType(_element(dtype))


def make_tensor_type(
    *, rank: int | None = None, shape: Sequence[int | None] | None = None, dtype: ElementType
) -> TensorViewType:
    """Return the type of a GM view: of `rank` dynamic dimensions, or of `shape` (None or -1 where dynamic)."""
    if (rank is None) == (shape is None):
        fail("TensorType takes either rank= or shape=")
    dims = [DYNAMIC] * rank if rank is not None else [DYNAMIC if d is None else d for d in shape or ()]
    return _made(TensorViewType.of, tuple(dims), _element(dtype))


def make_sub_tensor_type(*, shape: Sequence[int | None], dtype: ElementType) -> PartitionTensorViewType:
    """Return the type of a slice of a GM view (None or -1: dynamic)."""
    dims = tuple(DYNAMIC if d is None else d for d in shape)
    return _made(PartitionTensorViewType.of, dims, _element(dtype))


def make_tile_type(
    shape: Sequence[int],
    dtype: ElementType,
    memory_space: str = "VEC",
    valid_shape: Sequence[int | None] | None = None,
    config: TileBufConfig | None = None,
) -> TileBufType:
    """Return the type of a tile in MAT, LEFT, RIGHT, ACC, VEC or BIAS memory.

    `valid_shape` is the part that holds data (None or -1: given to alloc_tile at run time), all of it by default.
    Without a `config` the layout is the default of the memory space; a tile of one row in L1, which is how a bias comes
    there, has no boxes.
    """
    if len(shape) != 2:
        fail(f"a tile has two dimensions, not {list(shape)}")
    loc = _choice("memory_space", memory_space.upper(), {space.value.upper(): space for space in Loc})
    valid = None if valid_shape is None else [DYNAMIC if d is None else d for d in valid_shape]
    if valid is not None and len(valid) != 2:
        fail(f"valid_shape has two dimensions, not {valid}")
    chosen = TileBufConfig() if config is None and loc is Loc.MAT and shape[0] == 1 else config
    ty = _made(
        TileBufType.of,
        (shape[0], shape[1]),
        _element(dtype),
        loc,
        valid=None if valid is None else (valid[0], valid[1]),
        **({} if chosen is None else _layout(chosen)),
    )
    # Not in the type itself, since windows of tiles need not fill whole units of storage.
    _made(ty.data.check_storage)
    return ty


def make_multi_tile_type(tile_type: TileBufType, count: int) -> MultiTileBufType:
    """Return the type of `count` tiles, 2 to 16, of one type, which lie one behind the other."""
    if not isinstance(tile_type, TileBufType):
        fail(f"several tiles need a TileBufType, not {tile_type!r}")
    return _made(lambda: MultiTileBufType(MultiTileSpec(tile_type, count)))


def _layout(config: TileBufConfig) -> dict[str, Any]:
    return {
        "blayout": _choice("blayout", config.blayout, _B_LAYOUTS),
        "slayout": _choice("slayout", config.slayout, _S_LAYOUTS),
        "fractal": config.s_fractal_size,
        "pad": _choice("pad", config.pad, _PADS),
    }


def _choice(what: str, value: str, allowed: dict[str, Any]) -> Any:
    """Return what `value` stands for. Raises DslError listing what is allowed."""
    if value not in allowed:
        fail(f"{what} is {value!r}, but must be one of {', '.join(allowed)}")
    return allowed[value]


def _element(dtype: object) -> ElementType:
    for known in ELEMENT_TYPES.values():
        if dtype == known:
            return known
    fail(f"dtype must be one of {', '.join(ELEMENT_TYPES)} (pto.float16, pto.float32, ...), not {dtype!r}")


def _made(make: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Return `make(...)`, with a broken rule of the type reported at the user's line."""
    try:
        return make(*args, **kwargs)
    except VerifyException as error:
        fail(str(error), error)
