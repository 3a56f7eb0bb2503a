"""A check as a list of steps: what is being done, how it ended, how long it took; an exit status at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

EXIT_FAILED = 1


class CheckFailed(AssertionError):
    """A step found something wrong; the text says what."""


@dataclass(frozen=True)
class Result:
    """One step that was done."""

    name: str
    ok: bool
    seconds: float
    detail: str


@dataclass
class Steps:
    """Runs steps one after the other and prints a line for each."""

    results: list[Result] = field(default_factory=list)

    def run(self, name: str, work: Callable[[], str]) -> bool:
        """Does `work`, which returns a few words on what it saw; an exception is a failed step, not the end."""
        print(f"[{len(self.results) + 1:2}] {name} ...", flush=True)
        started = time.monotonic()
        try:
            ok, detail = True, work()
        except (CheckFailed, RuntimeError, OSError) as error:
            ok, detail = False, str(error)
        seconds = time.monotonic() - started
        self.results.append(Result(name, ok, seconds, detail))
        print(f"     {'ok    ' if ok else 'FAILED'} {seconds:6.1f} s  {detail}", flush=True)
        return ok

    def finish(self) -> int:
        """Prints the sum; exit status 0 if every step is right."""
        failed = [result.name for result in self.results if not result.ok]
        print(f"{len(self.results) - len(failed)} of {len(self.results)} steps are right", flush=True)
        for name in failed:
            print(f"failed: {name}", file=sys.stderr)
        return EXIT_FAILED if failed else 0


def expect(condition: bool, problem: str) -> None:
    """Raises CheckFailed with `problem` unless `condition` holds."""
    if not condition:
        raise CheckFailed(problem)
