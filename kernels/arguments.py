"""A launch plan and the arrays of a call, as the arguments of each of its entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kernels.library import BuildInfo
from kernels.plan import LaunchPlan
from kernels.signature import FFTS, Parameter
from runtime.host_kernel import RawArgument


def check_arrays(info: BuildInfo, plan: LaunchPlan, names: Sequence[str]) -> None:
    """Raise ValueError if an entry of the plan has a parameter that no array, scratch or scalar is for."""
    scratch = [name for part in plan.scratch for name in part.parameters]
    for launch in plan.launches:
        for parameter in info.entry(launch.entry).parameters:
            known = parameter.type == FFTS or parameter.name in (scratch if parameter.is_pointer else plan.scalars)
            if not known and not (parameter.is_pointer and parameter.name in names):
                what = "an array" if parameter.is_pointer else "a value"
                raise ValueError(
                    f"the entry {launch.entry} of {info.name} needs {what} for its parameter {parameter.name}; given "
                    f"are {', '.join([*names, *plan.scalars]) or 'none'}"
                )


def arguments_of(
    parameters: Sequence[Parameter], plan: LaunchPlan, arrays: Mapping[str, RawArgument], scratch: Sequence[RawArgument]
) -> list[RawArgument]:
    """Return the arguments of an entry with these parameters: `arrays` by name, `scratch` in the plan's order.

    The signal address is left 0: a device's caller fills it in.
    """
    of_scratch = {
        name: argument for part, argument in zip(plan.scratch, scratch, strict=True) for name in part.parameters
    }
    return [_argument(parameter, plan, arrays, of_scratch) for parameter in parameters]


def _argument(
    parameter: Parameter, plan: LaunchPlan, arrays: Mapping[str, RawArgument], scratch: Mapping[str, RawArgument]
) -> RawArgument:
    if parameter.type == FFTS:
        return RawArgument(0)
    if not parameter.is_pointer:
        return RawArgument.of(plan.scalars[parameter.name])
    return scratch[parameter.name] if parameter.name in scratch else arrays[parameter.name]
