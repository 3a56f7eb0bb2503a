"""The entries of a kernel library and their parameters.

They are stated once, in the kernel's module, and travel with the library: its build info has them as JSON. Callers in C
are generated from them (`kernels.callers`), launchers in Python fill them in (`kernels.library`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

FFTS = "ffts"
"""Type of the parameter that gets the address through which cube and vector cores signal each other. It comes from the
device's runtime; the host's simulated cores do not look at it.
"""

ELEMENTS = {
    "f32": "float",
    "f16": "half",
    "bf16": "bfloat16_t",
    "i64": "int64_t",
    "i32": "int32_t",
    "i16": "int16_t",
    "i8": "int8_t",
    "ui64": "uint64_t",
    "ui32": "uint32_t",
    "ui16": "uint16_t",
    "ui8": "uint8_t",
}
"""Element types of pointers, and types of scalars -> what the generated C++ calls them."""


Knobs = Mapping[str, int | str]
"""What a kernel was built with, by name."""


class SignatureError(ValueError):
    """What is said of an entry makes no sense; the text says what and where."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of an entry. Raises SignatureError for a type that no entry can have."""

    name: str

    type: str
    """`ffts`, an element type followed by a star for a pointer to global memory, or an element type for a scalar."""

    same_as: str = ""
    """A parameter before it that gets the same address, under another type."""

    multiple_of: int = 0
    """A size: what it must be divisible by; 0 for parameters that may be anything."""

    least: int = 0
    """A size: the smallest that the kernel can run."""

    def __post_init__(self) -> None:
        """Check the type."""
        if self.type != FFTS and self.type.removesuffix("*") not in ELEMENTS:
            known = ", ".join([FFTS, *ELEMENTS])
            raise SignatureError(f"parameter {self.name}: {self.type} is none of {known}, or one of them with *")

    @property
    def is_pointer(self) -> bool:
        """Whether it points to global memory."""
        return self.type.endswith("*")

    @property
    def cpp(self) -> str:
        """Its type in generated C++."""
        if self.type == FFTS:
            return "__gm__ int64_t*"
        element = ELEMENTS[self.type.removesuffix("*")]
        return f"__gm__ {element}*" if self.is_pointer else element


@dataclass(frozen=True)
class Entry:
    """An entry of a library."""

    name: str
    """Its symbol in the generated C++."""

    parameters: tuple[Parameter, ...]

    caller: str = ""
    """The C function that launches it; `launch_` and its symbol by default."""

    blocks_of: str = ""
    """The size parameter that is dealt to the cores in blocks, if there is one: no more cores can be used than there
    are blocks.
    """

    block_rows: int = 0
    """How much of it a block is; by default what it must be a multiple of."""

    def __post_init__(self) -> None:
        """Fill in the default, and check the names. Raises SignatureError."""
        if not self.caller:
            # The dataclass is frozen; only here, before anybody has seen the value, is a field filled in.
            object.__setattr__(self, "caller", f"launch_{self.name}")
        names = [parameter.name for parameter in self.parameters]
        for name in (*(p.same_as for p in self.parameters), self.blocks_of):
            if name and name not in names:
                raise SignatureError(f"the entry {self.name} has no parameter {name}, but {', '.join(names)}")
        if not self.block_rows:
            rows = {parameter.name: parameter.multiple_of for parameter in self.parameters}
            object.__setattr__(self, "block_rows", max(1, rows.get(self.blocks_of, 1)))

    @property
    def types(self) -> tuple[tuple[str, str], ...]:
        """Names and types of the parameters: what a module says of its entry."""
        return tuple((parameter.name, parameter.type) for parameter in self.parameters)

    @property
    def given(self) -> tuple[Parameter, ...]:
        """The parameters that a caller gives: the others are the runtime's, or the same address once more."""
        return tuple(p for p in self.parameters if p.type != FFTS and not p.same_as)


def entries_to_json(entries: Sequence[Entry]) -> str:
    """Return the JSON text of the entries."""
    return json.dumps({"entries": [asdict(entry) for entry in entries]}, indent=2, sort_keys=True) + "\n"


def entries_from_fields(fields: Mapping[str, Any]) -> tuple[Entry, ...]:
    """Read `entries` of a build info. Raises SignatureError, KeyError or TypeError if they are not readable."""
    return tuple(
        Entry(**{**entry, "parameters": tuple(Parameter(**parameter) for parameter in entry["parameters"])})
        for entry in fields["entries"]
    )
