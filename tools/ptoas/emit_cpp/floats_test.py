"""Scalar floats as NumPy computes them: comparisons, minima and maxima, with NaN, infinities and both zeros."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptodsl.dialect.testing import snippet
from runtime.compiled import host_kernel
from tools.ptoas.assemble import Options, assemble

VALUES = np.array([0.0, -0.0, 1.0, -1.0, 1e-45, np.inf, -np.inf, np.nan], np.float32)
PAIRS = np.array(list(product(VALUES, repeat=2)), np.float32)
Array = NDArray[Any]
Function = Callable[[Array, Array], Any]


def ordered(compare: Function) -> Function:
    return lambda a, b: compare(a, b) & ~either_nan(a, b)


def unordered(compare: Function) -> Function:
    return lambda a, b: compare(a, b) | either_nan(a, b)


def either_nan(a: Array, b: Array) -> Any:
    return np.isnan(a) | np.isnan(b)


COMPARISONS: dict[str, Function] = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal}
COMPARISONS |= {"gt": np.greater, "ge": np.greater_equal}
PREDICATES: dict[str, Function] = {
    **{f"o{name}": ordered(compare) for name, compare in COMPARISONS.items()},
    **{f"u{name}": unordered(compare) for name, compare in COMPARISONS.items()},
    "ord": lambda a, b: ~either_nan(a, b),
    "uno": either_nan,
}
EXTREMA: dict[str, Function] = {"minimumf": np.minimum, "maximumf": np.maximum, "minnumf": np.fmin, "maxnumf": np.fmax}


def kernel_text() -> str:
    """For each of %n pairs at `%p`: all results, one after the other, behind the pairs."""
    lines = ["%one = arith.constant 1.0 : f32", "%zero = arith.constant 0.0 : f32"]
    lines += [f"%k{i} = arith.constant {i} : index" for i in range(len(PREDICATES) + len(EXTREMA))]
    lines += [f"%results = arith.constant {len(PREDICATES) + len(EXTREMA)} : index"]
    lines += ["%pairs = arith.muli %n, %c2 : index", "scf.for %i = %c0 to %n step %c1 {"]
    lines += ["%j = arith.muli %i, %c2 : index", "%j1 = arith.addi %j, %c1 : index"]
    lines += [
        "%a = pto.load_scalar %p[%j] : !pto.ptr<f32> -> f32",
        "%b_ = pto.load_scalar %p[%j1] : !pto.ptr<f32> -> f32",
    ]
    lines += ["%mine = arith.muli %i, %results : index", "%base = arith.addi %pairs, %mine : index"]
    for number, name in enumerate([*PREDICATES, *EXTREMA]):
        if name in PREDICATES:
            lines += [f"%q{number} = arith.cmpf {name}, %a, %b_ : f32"]
            lines += [f"%r{number} = arith.select %q{number}, %one, %zero : f32"]
        else:
            lines += [f"%r{number} = arith.{name} %a, %b_ : f32"]
        lines += [f"%s{number} = arith.addi %base, %k{number} : index"]
        lines += [f"pto.store_scalar %r{number}, %p[%s{number}] : !pto.ptr<f32>, f32"]
    return snippet("\n".join([*lines, "}"])).replace("attributes {", "attributes {pto.entry, ")


def test_comparisons_and_extrema_agree_with_numpy(tmp_path: Path) -> None:
    kernel = host_kernel(assemble(kernel_text(), "floats.mlir", Options()), tmp_path, "f")
    count, results = len(PAIRS), len(PREDICATES) + len(EXTREMA)
    memory = np.zeros(2 * count + count * results, np.float32)
    memory[: 2 * count] = PAIRS.reshape(-1)
    kernel.launch(1, memory, np.zeros(1, np.float16), 0, count, 0, 0.0, 0)
    found = memory[2 * count :].reshape(count, results)
    a, b = PAIRS.T
    for number, (name, reference) in enumerate([*PREDICATES.items(), *EXTREMA.items()]):
        np.testing.assert_array_equal(found[:, number], reference(a, b).astype(np.float32), err_msg=name)
    for number, name in enumerate(EXTREMA, len(PREDICATES)):
        if name in ("minimumf", "maximumf"):
            zeros = (a == 0) & (b == 0)
            negative = np.signbit(a) | np.signbit(b) if name == "minimumf" else np.signbit(a) & np.signbit(b)
            np.testing.assert_array_equal(np.signbit(found[zeros, number]), negative[zeros], err_msg=name)
