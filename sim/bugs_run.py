"""Runs the bug suite: assembles and compiles all kernels, launches and judges each, compares with what is expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.compiled import host_kernel
from runtime.host_kernel import Argument, HostKernel, KernelFailure
from sim.bugs_case import Case, Check, Language
from sim.bugs_modules import HEAD
from sim.bugs_source import entry_name, module, refusal, source
from sim.findings import Finding
from sim.hazards import judge
from sim.program import bytes_of
from tools.ptoas.assemble import Options, Sync, assemble
from tracing.file import read_trace

ELEMENTS = 65536
"""Of x and y, fp32."""
SLOTS = 8 * 2048
"""Elements of the slots of FIFOs, fp16; in cases in C++ they lie at the beginning of x."""


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


def run_all(cases: Sequence[Case], directory: Path) -> Iterator[Row]:
    """Assemble and compile all kernels in `directory`, and yield a row for each case."""
    suite = _Suite(cases, directory)
    for number, case in enumerate(cases):
        yield Row(case, suite.check(case, number, mended=False), suite.check(case, number, mended=True))


class _Suite:
    """All kernels of the cases, compiled; those in MLIR that are refused are not."""

    def __init__(self, cases: Sequence[Case], directory: Path) -> None:
        self.directory = directory
        self.refused: dict[str, str] = {}
        assembled: dict[Sync, list[str]] = {Sync.NONE: [], Sync.INSERT: []}
        computing: list[str] = []
        for number, case in enumerate(cases):
            if case.language is Language.CPP:
                continue
            for mended in (False, True):
                name, text = entry_name(number, mended=mended), module(case, number, mended=mended)
                sync = Sync.NONE if case.unordered and not mended else Sync.INSERT
                self.refused[name] = refusal(HEAD + text, sync)
                if not self.refused[name]:
                    assembled[sync].append(text)
                    computing += [text] if case.computes else []
        cpp = [assemble(HEAD + "\n".join(texts), "bugs.mlir", Options(sync)) for sync, texts in assembled.items()]
        self.traced = self._compile("trace", "\n".join([source(cases), *cpp]))
        self.executed = self._compile(
            "execute", assemble(HEAD + "\n".join(computing), "bugs.mlir", Options(Sync.INSERT))
        )

    def _compile(self, mode: str, text: str) -> HostKernel:
        # host_kernel asks for some entry: the name before the first list of parameters. `check` names its own.
        first = text[: text.index("(__gm__ float*")].split()[-1]
        return host_kernel(text, self.directory, first, name=f"bugs_{mode}", mode=mode)

    def check(self, case: Case, number: int, *, mended: bool) -> str:
        """Return what the checks say of one of the two kernels of a case, empty if nothing."""
        entry = entry_name(number, mended=mended)
        if refused := self.refused.get(entry):
            return refused
        x, y = np.ones(ELEMENTS, np.float32), np.ones(ELEMENTS, np.float32)
        arguments: list[Argument] = [x, y, case.n]
        # What FIFOs have their slots in holds nothing before the launch.
        # x is fp32: half as many of its elements.
        scratch = [bytes_of(x[: SLOTS // 2])] if "TPOP" in case.text else []
        if case.language is Language.MLIR:
            slots = np.zeros(SLOTS, np.float16)
            arguments.append(slots)
            scratch = [bytes_of(slots)] if "!pto.pipe" in case.text else []
        path = self.directory / f"{entry}.trace"
        try:
            self.traced.trace(path, case.blocks, *arguments, entry=entry)
            if case.computes:
                self.executed.launch(case.blocks, *arguments, entry=entry)
        except KernelFailure as error:
            return f"{Check.RUNTIME.value}: {error}"
        verdict = judge(read_trace(path), scratch=scratch, v_rule=case.v_rule)
        if found := ", ".join(dict.fromkeys(map(_in_words, verdict.findings))):
            return f"{Check.JUDGE.value}: {found}"
        return _difference(y, np.array(case.computes, np.float32))


def _in_words(finding: Finding) -> str:
    """Return kind and operations of a finding."""
    return f"{finding.kind.value} {f'{finding.first.op} -> ' if finding.first else ''}{finding.second.op}"


def _difference(y: NDArray[np.float32], wanted: NDArray[np.float32]) -> str:
    """Return what is not to the bit as it must be (of NaN, that it is one)."""
    got = y[: wanted.size]
    # By bits, as 0.0 == -0.0.
    same = (got.view(np.uint32) == wanted.view(np.uint32)) | (np.isnan(got) & np.isnan(wanted))
    return "" if same.all() else f"{Check.NUMBERS.value}: {got.tolist()} instead of {wanted.tolist()}"
