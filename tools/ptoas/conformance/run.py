"""Run cases against an assembler, and say where it differs from what ptoas 0.48 does."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from tools.ptoas.cli import VERSION
from tools.ptoas.cli import main as ptoas_main
from tools.ptoas.conformance.case import Case
from tools.ptoas.verify import LIMIT

ARCH = "--pto-arch=a3"
TIMEOUT = 60
"""Seconds for one module."""


@dataclass(frozen=True)
class Output:
    """What an assembler made of a module: C++, or None; and its complaints."""

    cpp: str | None
    complaint: str = ""


class Embedded:
    """The project's assembler, in this process. It warns of what the device does not take."""

    title = VERSION
    embedded = True

    def assemble(self, case: Case) -> Output:
        """Assemble the module of a case."""
        out, err = StringIO(), StringIO()
        code = ptoas_main([ARCH, *case.options], StringIO(case.text), out, err)
        return Output(None if code else out.getvalue(), err.getvalue())


class External:
    """A program that is called like ptoas."""

    embedded = False

    def __init__(self, program: Path) -> None:
        self._program = program.resolve()
        command = [str(self._program), "--version"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)
        version = " ".join((done.stdout or done.stderr).split()) or "unknown version"
        self.title = f"{version}, sha256 {hashlib.sha256(self._program.read_bytes()).hexdigest()}"

    def assemble(self, case: Case) -> Output:
        """Assemble the module of a case."""
        with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
            source, target = Path(folder) / "in.mlir", Path(folder) / "out.cpp"
            source.write_text(case.text, encoding="utf-8")
            command = [str(self._program), ARCH, *case.options, str(source), "-o", str(target)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                return Output(None, f"no answer in {TIMEOUT} s")
            if done.returncode or not target.exists():
                return Output(None, done.stderr or f"exit status {done.returncode}")
            return Output(target.read_text(encoding="utf-8"))


Assembler = Embedded | External


@dataclass(frozen=True)
class Result:
    """A case and how it came out; `problem` is empty if that is what was expected."""

    case: Case
    output: Output
    problem: str


def run_cases(cases: Iterable[Case], assembler: Assembler) -> list[Result]:
    """Results in the order of the cases."""
    results = []
    for case in cases:
        output = assembler.assemble(case)
        results.append(Result(case, output, _problem(case, output, assembler.embedded)))
    return results


def _problem(case: Case, output: Output, embedded: bool) -> str:
    if (output.cpp is not None) != case.accepted:
        first = output.complaint.strip().splitlines()[:1]
        words = first[0] if first else "without a word"
        return f"refused: {words}" if case.accepted else "accepted, but should be refused"
    if embedded and case.accepted and (LIMIT in output.complaint) != case.warned:
        return f"a warning that {LIMIT} is {'missing' if case.warned else 'not expected'}"
    missing = None if output.cpp is None else missing_call(output.cpp, case.calls)
    return "" if missing is None else f"not printed: {missing}"


def missing_call(cpp: str, calls: Iterable[str]) -> str | None:
    """The first of `calls` that is not in the C++ behind the one before it, blanks aside; None if all are."""
    text, position, bound = re.sub(r"\s+", "", cpp), 0, dict[str, str]()
    for call in calls:
        pattern = re.escape(re.sub(r"\s+", "", call))
        # `$name` stands for any variable where it comes first, and for the same one from there on.
        for name in dict.fromkeys(re.findall(r"\\\$(\w+)", pattern)):
            found = bound.get(name, rf"(?P<{name}>v\d+)")
            pattern = pattern.replace(rf"\${name}", found, 1).replace(rf"\${name}", bound.get(name, f"(?P={name})"))
        match = re.compile(pattern).search(text, position)
        if match is None:
            return call
        position = match.end()
        bound.update(match.groupdict())
    return None
