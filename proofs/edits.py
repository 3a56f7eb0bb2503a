"""What building costs after small changes of the sources: how long an edit takes to become a checked result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from proofs.harness.checkout import Checkout
from proofs.harness.steps import expect

CHECKED = "//flash_atten:check_fa_s1tile256_test"
"""A kernel compared with the reference: what somebody who changes it runs again."""


@dataclass(frozen=True)
class Change:
    """An edit of one line that leaves all results right."""

    name: str
    file: str
    """Relative to the workspace."""
    old: str
    """A text that is once in the file."""
    new: str


CHANGES = (
    Change(
        "one line of the kernel changed: another order of the softmax",
        "flash_atten/kernel_vector.py",
        "SLICE_SKEW = {2: 2,",
        "SLICE_SKEW = {2: 3,",
    ),
    Change(
        "one comment of the kernel changed",
        "flash_atten/kernel_vector.py",
        "SLICE_SKEW = {2: 2,",
        "# A comment.\nSLICE_SKEW = {2: 2,",
    ),
    Change(
        "one line of a runtime header changed",
        "runtime/include/pto/pto-inst.hpp",
        "#pragma once\n",
        '#pragma once\nstatic_assert(sizeof(float) == 4, "a changed line");\n',
    ),
)


@contextmanager
def applied(change: Change, root: Path) -> Iterator[None]:
    """The change is made in the workspace `root` for the time of the block. Raises CheckFailed."""
    path = root / change.file
    before = path.read_text(encoding="utf-8")
    expect(before.count(change.old) == 1, f"{change.file} has not once {change.old!r}: correct CHANGES in {__file__}")
    path.write_text(before.replace(change.old, change.new), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


def cost(change: Change, checkout: Checkout, *options: str) -> str:
    """Tests CHECKED before and after the change; says how long it took after it. Raises BuildError, CheckFailed."""
    checkout.test(*options, CHECKED)
    with applied(change, checkout.path):
        run = checkout.test(*options, CHECKED)
    executed = run.other_than()
    expect(bool(executed), "nothing was executed: the change does not matter")
    return f"{CHECKED} after {run.seconds:.1f} s: {executed}"
