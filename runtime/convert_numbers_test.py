"""TCVT against NumPy: every pair of the dialect's table, every rounding mode, both saturation modes."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.ir import Attribute

from isa.conversions import ROUND_MODES, Saturation
from ptodsl.dialect import CONVERSIONS, RoundMode, element_bytes, element_name
from runtime.compiled import host_kernel
from runtime.host_kernel import HostKernel

Bits = NDArray[Any]
"""Elements as unsigned integers of their size."""

Pair = tuple[Attribute, Attribute]

ROWS, COLS = 8, 512
COUNT = ROWS * COLS
"""Elements of a tile, and so of a launch."""

CPP_TYPES = {
    "f32": "float",
    "f16": "half",
    "bf16": "bfloat16_t",
    "i64": "int64_t",
    "i32": "int32_t",
    "i16": "int16_t",
    "i8": "int8_t",
    "ui8": "uint8_t",
}
CPP_MODES = ("NONE", "RINT", "ROUND", "FLOOR", "CEIL", "TRUNC", "ODD")
"""In the order of the C++ enumeration."""

PAIRS = list(CONVERSIONS)
NAMES = [f"{element_name(src)}-{element_name(dst)}" for src, dst in PAIRS]


def kernel_text() -> str:
    """One branch per pair: load, convert, store."""
    branches = []
    for number, pair in enumerate(PAIRS):
        src, dst = (CPP_TYPES[element_name(dtype)] for dtype in pair)
        gm = f"Shape<1, 1, 1, {ROWS}, {COLS}>, Stride<{COUNT}, {COUNT}, {COUNT}, {COLS}, 1>"
        branches.append(f"""
  if (v3 == {number}) {{
    Tile<TileType::Vec, {src}, {ROWS}, {COLS}> a;
    Tile<TileType::Vec, {dst}, {ROWS}, {COLS}> b;
    TASSIGN(a, 0);
    TASSIGN(b, 65536);
    TLOAD(a, GlobalTensor<{src}, {gm}>((__gm__ {src}*)v1));
    TCVT(b, a, (RoundMode)v4, v5 ? SaturationMode::ON : SaturationMode::OFF);
    TSTORE(GlobalTensor<{dst}, {gm}>((__gm__ {dst}*)v2), b);
  }}""")
    parameters = "__gm__ uint8_t* v1, __gm__ uint8_t* v2, int32_t v3, int32_t v4, int32_t v5"
    return f"""#include "pto/pto-inst.hpp"
using namespace pto;
extern "C" __global__ AICORE void convert({parameters}) {{
#if defined(__DAV_VEC__)
{"".join(branches)}
#endif
}}
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    return host_kernel(kernel_text(), tmp_path_factory.mktemp("convert"), "convert")


def run(kernel: HostKernel, pair: Pair, source: Bits, mode: RoundMode, saturate: bool) -> Bits:
    """Bits of `source` (COUNT elements, as bits) converted by the runtime."""
    result = np.zeros(COUNT, bits_of(pair[1]))
    number = CPP_MODES.index(mode.name)
    kernel.launch(1, source.view(np.uint8), result.view(np.uint8), PAIRS.index(pair), number, int(saturate))
    return result


def bits_of(dtype: Attribute) -> np.dtype[Any]:
    """The unsigned integer type of the size of `dtype`."""
    return np.dtype(f"u{element_bytes(dtype)}")


FLOATS: dict[str, tuple[int, int]] = {"f32": (8, 23), "f16": (5, 10), "bf16": (8, 7)}
"""Bits of exponent and of fraction."""

UNSIGNED = {"ui8"}

ANY_NAN = -1
"""Instead of bits: some NaN."""


def exact_value(name: str, bits: int) -> float:
    """The number that `bits` stand for; exact, as a float or an integer."""
    if name not in FLOATS:
        size = int(name.lstrip("ui"))
        return bits if name in UNSIGNED or bits < 1 << (size - 1) else bits - (1 << size)
    widened = np.uint32(bits << 16) if name == "bf16" else bits
    dtype = {"f32": np.uint32, "f16": np.uint16, "bf16": np.uint32}[name]
    return float(np.array([widened], dtype).view({"f16": np.float16}.get(name, np.float32))[0])


def neighbours(name: str, number: float) -> tuple[int, int]:
    """Bits of the finite values of a float type next below and above a finite number in its range: found by bisection.

    The bits of the non-negative values ascend with the values.
    """
    exponent, fraction = FLOATS[name]
    low, high = 0, ((1 << exponent) - 1 << fraction) - 1
    size = abs(number)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if exact_value(name, middle) <= size else (low, middle - 1)
    above = low if exact_value(name, low) == size else low + 1
    sign = 1 << (exponent + fraction)
    return (above | sign, low | sign) if math.copysign(1.0, number) < 0 else (low, above)


def pick(letter: str, name: str, number: float) -> int:
    """Bits of `number` rounded to a float type as `letter` says (see `Conversion.rounding`)."""
    low, high = neighbours(name, number)
    if low == high:
        return low
    down, up = exact_value(name, low), exact_value(name, high)
    to_zero = low if number > 0 else high
    match letter:
        case "f":
            return low
        case "c":
            return high
        case "z":
            return to_zero
        case "o":
            return low if low & 1 else high
    twice = 2 * Fraction(number) - Fraction(down) - Fraction(up)
    if twice:
        return high if twice > 0 else low
    if letter == "a":
        return low + high - to_zero
    return high if low & 1 else low


def to_float(letter: str, src: str, dst: str, number: float) -> int:
    """Expected bits of a float type."""
    exponent, fraction = FLOATS[dst]
    infinity, sign = ((1 << exponent) - 1) << fraction, 1 << (exponent + fraction)
    if math.isnan(number):
        return ANY_NAN
    if math.isinf(number):
        return infinity | (sign if number < 0 else 0)
    if src == dst:
        whole = math.copysign(float(to_integer(letter, number)), number)
        return int(np.array([whole], np.float32).view(np.uint32)[0])
    largest = exact_value(dst, infinity - 1)
    return pick(letter, dst, max(-largest, min(number, largest)))


def to_integer(letter: str, number: float) -> int:
    """A finite number rounded to an integer, of any size."""
    low = math.floor(number)
    below = number - low
    match letter:
        case "f":
            return low
        case "c":
            return low + (below > 0)
        case "z":
            return math.trunc(number)
        case "a":
            return low + (below > 0.5 or (below == 0.5 and number > 0))
    return low + (below > 0.5 or (below == 0.5 and low % 2 == 1))


def expected_bits(src: str, dst: str, letter: str, saturate: bool, bits: int) -> int:
    """Expected bits of one element, or ANY_NAN."""
    number = exact_value(src, bits)
    if dst in FLOATS:
        return to_float(letter, src, dst, number)
    size = int(dst.lstrip("ui"))
    lowest, highest = (0, (1 << size) - 1) if dst in UNSIGNED else (-1 << (size - 1), (1 << (size - 1)) - 1)
    if math.isnan(number) or (math.isinf(number) and not saturate):
        whole = 0
    elif math.isinf(number):
        whole = lowest if number < 0 else highest
    else:
        whole = to_integer(letter, number)
    return (max(lowest, min(whole, highest)) if saturate else whole) % (1 << size)


def check(kernel: HostKernel, pair: Pair, source: Bits, mode: RoundMode, saturate: bool) -> None:
    """Compare the conversion of `source` with the reference, element by element."""
    conversion = CONVERSIONS[pair]
    src, dst = (element_name(dtype) for dtype in pair)
    letter = conversion.rounding[ROUND_MODES.index(mode)]
    clamps = saturate or conversion.saturation is Saturation.ALWAYS
    one = reference(src, dst, letter, clamps)
    filled = np.resize(source, COUNT)
    found = run(kernel, pair, filled, mode, saturate)
    for bits, seen in zip(filled[: len(source)].tolist(), found.tolist(), strict=False):
        wanted = one(bits)
        right = seen == wanted or (wanted == ANY_NAN and np.isnan(exact_value(dst, seen)))
        assert right, f"{src} {bits:#x} = {exact_value(src, bits)}: {seen:#x}, not {wanted:#x}"


@cache
def reference(src: str, dst: str, letter: str, saturate: bool) -> Callable[[int], int]:
    """`expected_bits` with its answers remembered."""
    return cache(lambda bits: expected_bits(src, dst, letter, saturate, bits))


def interesting(src: str) -> list[int]:
    """Bits worth trying of every source type: the ends of all ranges, ties, subnormals, infinities, NaN."""
    numbers = [0, 1, 2, 3, 127, 128, 255, 256, 300, 2047, 2049, 32767, 32768, 65504, 65519, 65520, 70000]
    numbers += [2**24 + 1, 2**24 + 3, 2**31 - 1, 2**31, 2**40 + 2**15, 2**62 + 1, 2**63 - 1]
    if src not in FLOATS:
        size = int(src.lstrip("ui"))
        return [sign * number % (1 << size) for number in numbers for sign in (1, -1)]
    halves = [0.5, 1.5, 2.5, 0.49999997, 2**-24, 2**-25, 2**-14, 2**-133, 1 + 2**-8, 1 + 2**-11, 3.4e38, 1e-45]
    values = np.array([*map(float, numbers), *halves, np.inf, np.nan], np.float32)
    with np.errstate(over="ignore"):
        both = np.concatenate([values, -values])
        found = both.view(np.uint32) if src != "f16" else both.astype(np.float16).view(np.uint16)
    return [bits >> 16 if src == "bf16" else bits for bits in found.tolist()]


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
@settings(max_examples=40)
@given(data=st.data())
def test_conversions_agree_with_numpy(kernel: HostKernel, pair: Pair, data: st.DataObject) -> None:
    name = element_name(pair[0])
    size = 8 * element_bytes(pair[0])
    anything = st.integers(0, (1 << size) - 1) | st.sampled_from(interesting(name))
    source = np.array(data.draw(st.lists(anything, min_size=1, max_size=50)), bits_of(pair[0]))
    mode, saturate = data.draw(st.sampled_from([*RoundMode])), data.draw(st.booleans())
    check(kernel, pair, source, mode, saturate)


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
def test_interesting_numbers_in_all_modes(kernel: HostKernel, pair: Pair) -> None:
    source = np.array(interesting(element_name(pair[0])), bits_of(pair[0]))
    for mode in RoundMode:
        for saturate in (False, True):
            check(kernel, pair, source, mode, saturate)


def test_there_is_a_letter_for_every_mode() -> None:
    assert set(ROUND_MODES) == set(RoundMode)
    assert all(len(one.rounding) == len(ROUND_MODES) for one in CONVERSIONS.values())
