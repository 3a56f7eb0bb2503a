"""Which conversions exist, and what `pto.tcvt` says of the others."""

import itertools

import pytest
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.test_value import create_ssa_value

from isa.conversions import ROUND_MODES, Saturation
from ptodsl.dialect import (
    CONVERSIONS,
    ELEMENT_TYPES,
    RoundMode,
    SaturationMode,
    TCvtOp,
    TileBufType,
    element_name,
    element_type,
    uses_library_scratch,
)
from ptodsl.dialect.testing import complaint, parse


def convert(src: str, dst: str) -> TCvtOp:
    """A conversion of [8, 64] tiles."""
    tiles = [create_ssa_value(TileBufType.of((8, 64), element_type(name), "vec")) for name in (src, dst)]
    return TCvtOp(tiles[0], tiles[1])


@pytest.mark.parametrize("pair", list(itertools.product(ELEMENT_TYPES, repeat=2)), ids="-".join)
def test_the_verifier_accepts_what_the_device_has_code_for(pair: tuple[str, str]) -> None:
    op = convert(*pair)
    if (element_type(pair[0]), element_type(pair[1])) in CONVERSIONS:
        op.verify()
    else:
        with pytest.raises(VerifyException, match=f"no conversion from {pair[0]} to {pair[1]}"):
            op.verify()


def test_a_refused_pair_names_the_targets_of_its_source() -> None:
    with pytest.raises(VerifyException) as error:
        convert("f32", "i8").verify()
    assert str(error.value).endswith(
        "pto.tcvt: the device has no conversion from f32 to i8; it converts f32 to f16, f32, bf16, i32, i64, i16"
    )
    with pytest.raises(VerifyException, match="from ui32 to f32; it converts this type to nothing"):
        convert("ui32", "f32").verify()


def test_six_pairs_heed_the_saturation_mode() -> None:
    """The device has a seventh, f16 to int4, for which there are no tiles."""
    heeding = {pair for pair, one in CONVERSIONS.items() if one.saturation is Saturation.AS_ASKED}
    assert {f"{element_name(src)}-{element_name(dst)}" for src, dst in heeding} == set(
        "f32-i16 f16-i16 f16-i8 f16-ui8 i64-i32 i32-i16".split()
    )


def test_every_mode_has_a_letter() -> None:
    assert all(set(one.rounding) <= set("rafczo") and len(one.rounding) == 7 for one in CONVERSIONS.values())
    assert len(ROUND_MODES) == 7
    assert set(ROUND_MODES) <= set(RoundMode)


@pytest.mark.parametrize("name", ["sat_mode", "satmode"])
def test_the_saturation_mode_is_read_by_both_names(name: str) -> None:
    attributes = f"{{rmode = #pto<round_mode CAST_RINT>, {name} = #pto<saturation_mode ON>}}"
    body = f"pto.tcvt ins(%vec {attributes} : !vec) outs(%half : !half)"
    assert complaint(body) == ""
    op = parse(body)[-2]
    assert isinstance(op, TCvtOp)
    assert op.saturation is SaturationMode.ON


def test_without_a_mode_nothing_saturates() -> None:
    assert convert("f16", "i8").saturation is SaturationMode.OFF
    src, dst = convert("f16", "i8").operands
    assert TCvtOp(src, dst, sat_mode="ON").saturation is SaturationMode.ON
    with pytest.raises(ValueError, match="unknown saturation mode 'YES': use one of ON, OFF"):
        TCvtOp(src, dst, sat_mode="YES")


def test_one_conversion_works_in_the_scratch_of_the_library() -> None:
    assert [pair for pair, one in CONVERSIONS.items() if one.uses_library_scratch] == [
        (element_type("f16"), element_type("i8"))
    ]
    assert uses_library_scratch(convert("f16", "i8"))
    assert not uses_library_scratch(convert("f16", "ui8"))
