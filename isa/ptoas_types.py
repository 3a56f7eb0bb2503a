"""Element types that ptoas 0.48 takes for an operation, and the device's headers do not, or not with that meaning.

A program with one of them assembles, with a warning; what is made of it compiles neither for the device nor here. So
they are in no row of the operation table. Source: a probe of ptoas 0.48 for each operation and element type.
"""

from __future__ import annotations

from collections.abc import Mapping

from isa.elements import SHORT

_UNSIGNED = ("ui16", "ui32")

LOOSE_TYPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *("tadd", "tsub", "tmul", "tmax", "tmin", "tadds", "tsubs", "tmuls", "tmaxs", "tmins", "tdivs", "tneg"),
            *("tpartadd", "tpartmul", "tpartmax", "tpartmin"),
            *("trowsum", "trowmax", "trowmin", "trowprod", "tcolsum", "tcolmax", "tcolmin", "tcolprod"),
            *(f"t{axis}expand{name}" for axis in ("row", "col") for name in ("add", "sub", "mul", "max", "min")),
            *("trowargmax", "trowargmin"),
        ),
        _UNSIGNED,
    ),
    "trelu": ("ui32",),
    "tfmod": ("f16", "i16", "i32", *_UNSIGNED),
    "tfmods": ("f16", "i16", "i32"),
    "trem": ("i32", "ui32"),
    "trems": ("i32",),
    "tcmp": ("ui32",),
    "tcmps": ("i16", *_UNSIGNED),
    "tshls": ("i8", "ui8", *_UNSIGNED),
    **dict.fromkeys(("tcolargmax", "tcolargmin"), SHORT),
    **dict.fromkeys(("taddc", "tsubc", "taddsc", "tsubsc"), SHORT),
}
"""By the names in the dialect, without `pto.`; types of the operation's row may be among them."""
