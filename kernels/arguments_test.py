"""Each parameter of an entry gets its array, scratch or scalar by name; what is missing is told before a launch."""

import json

import pytest

from kernels.arguments import arguments_of, check_arrays
from kernels.library import BuildInfo
from kernels.plan import Launch, LaunchPlan, Scratch
from kernels.signature import FFTS, Entry, Parameter, SignatureError, entries_to_json
from runtime.host_kernel import RawArgument

FIRST = Entry(
    "first",
    (
        Parameter("ffts", FFTS),
        Parameter("slots", "f32*"),
        Parameter("slots_f16", "f16*", same_as="slots"),
        Parameter("x", "f16*"),
        Parameter("rows", "i64"),
        Parameter("factor", "f32"),
    ),
)
SECOND = Entry("second", (Parameter("x", "f16*"), Parameter("rows", "i64")))
PLAN = LaunchPlan(
    (Launch("first", 3), Launch("second", 1)),
    scratch=(Scratch(64, ("slots", "slots_f16")),),
    scalars={"rows": 7, "factor": 1.0},
)
INFO = BuildInfo.parse(
    json.dumps({"name": "k", "backend": "host", "mode": "execute", "knobs": {}})[:-1]
    + ", "
    + entries_to_json([FIRST, SECOND]).lstrip()[1:]
)


def test_two_entries_share_arrays_and_scalars() -> None:
    arrays, scratch = {"x": RawArgument(0x1000, 32)}, [RawArgument(0x2000, 64)]
    slots, x, rows, factor = RawArgument(0x2000, 64), RawArgument(0x1000, 32), RawArgument(7), RawArgument(0x3F800000)
    assert arguments_of(FIRST.parameters, PLAN, arrays, scratch) == [RawArgument(0), slots, slots, x, rows, factor]
    assert arguments_of(SECOND.parameters, PLAN, arrays, scratch) == [x, rows]


def test_what_a_plan_or_a_call_lacks_is_told() -> None:
    check_arrays(INFO, PLAN, ["x"])
    with pytest.raises(ValueError, match="the entry first of k needs an array for its parameter x; given are rows"):
        check_arrays(INFO, PLAN, [])
    without_scalars = LaunchPlan(PLAN.launches, PLAN.scratch)
    with pytest.raises(ValueError, match="needs a value for its parameter rows"):
        check_arrays(INFO, without_scalars, ["x"])
    without_scratch = LaunchPlan(PLAN.launches, scalars=PLAN.scalars)
    with pytest.raises(ValueError, match="needs an array for its parameter slots"):
        check_arrays(INFO, without_scratch, ["x"])


def test_a_signature_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(SignatureError, match=r"parameter x: f99\* is none of ffts, f32"):
        Parameter("x", "f99*")
    with pytest.raises(SignatureError, match="the entry e has no parameter y, but x"):
        Entry("e", (Parameter("x", "f32*", same_as="y"),))
