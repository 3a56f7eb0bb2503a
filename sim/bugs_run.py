"""Runs the bug suite: compiles all kernels in trace mode, launches and judges each, compares with what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.host_kernel import HostKernel, KernelFailure
from sim.bugs import CASES, Case, Check
from sim.bugs_source import entry_name, source
from sim.hazards import judge
from sim.program import bytes_of
from tools.bisheng.host_compile import compile_host
from tools.bisheng.host_toolchain import host_toolchain
from trace.file import read_trace

ELEMENTS = 65536
"""Of x and y, fp32."""


@dataclass(frozen=True)
class Row:
    """What the checks said of a case."""

    case: Case
    faulty: str
    """What was said of the faulty kernel, with the check before it; empty if nothing."""
    mended: str
    """The same of the mended one."""

    @property
    def caught(self) -> bool:
        """Whether the check that must do so caught the faulty kernel, for the right reason."""
        return self.faulty.startswith(self.case.check.value) and self.case.reason in self.faulty

    @property
    def ok(self) -> bool:
        """Whether the fault was caught, and the mended kernel passed."""
        return self.caught and not self.mended


def run_all(directory: Path) -> Iterator[Row]:
    """Compile all kernels in `directory`, and yield a row for each case."""
    cpp = directory / "bugs.cpp"
    cpp.write_text(source(), encoding="utf-8")
    library = directory / "bugs.trace.so"
    first = entry_name(0, mended=False)
    kernel = HostKernel(compile_host(cpp, library, toolchain=host_toolchain(), entry=first, mode="trace"))
    for number, case in enumerate(CASES):
        said = [_check(kernel, case, entry_name(number, mended=mended), directory) for mended in (False, True)]
        yield Row(case, *said)


def _check(kernel: HostKernel, case: Case, entry: str, directory: Path) -> str:
    x, y = np.ones(ELEMENTS, np.float32), np.ones(ELEMENTS, np.float32)
    path = directory / f"{entry}.trace"
    try:
        kernel.trace(path, case.blocks, x, y, case.n, entry=entry)
    except KernelFailure as error:
        return f"{Check.RUNTIME.value}: {error}"
    # The slots of the FIFO, which lie at the beginning of x, hold nothing before the launch.
    scratch = [bytes_of(x[: 8 * 1024])] if case.cores == "all" else []
    verdict = judge(read_trace(path), scratch=scratch, v_rule=case.v_rule)
    kinds = ", ".join(dict.fromkeys(finding.kind.value for finding in verdict.findings))
    return f"{Check.JUDGE.value}: {kinds}" if kinds else ""
