"""What a person sees while a benchmark runs, and how Ctrl-C gets through to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

POLL_SECONDS = 0.1


class Interrupted(Exception):
    """The user pressed Ctrl-C; the task goes on in its thread until the process ends."""


def interruptible(task: Callable[[], None]) -> None:
    """Run `task` in a thread and wait for it; raise what it raises, or Interrupted on Ctrl-C.

    A kernel is one long call into C++: Python would notice a signal only when it returns, minutes later.
    """
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            task()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(POLL_SECONDS)
    except KeyboardInterrupt:
        raise Interrupted from None
    if raised:
        raise raised[0]


class Progress:
    """A line with the current case and stage: live on a terminal, one line per case elsewhere if there are several."""

    def __init__(self, console: Console, total: int) -> None:
        """Show `total` cases on `console`."""
        self._console = console
        self._total = total
        self._case = ""
        self._started = 0
        self._live: RichProgress | None = None
        if console.is_terminal:
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            self._live = RichProgress(*columns, console=console, transient=True)
            self._task = self._live.add_task("", total=total)

    def __enter__(self) -> Self:
        """Start the live display."""
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the live display."""
        if self._live:
            self._live.stop()

    def start(self, case: str) -> None:
        """Say that a case begins; the one before is done."""
        self._case = case
        self._started += 1
        if self._live:
            self._live.update(self._task, description=case, completed=self._started - 1)
        elif self._total > 1:
            self._console.print(f"[{self._started}/{self._total}] {case}", markup=False, highlight=False)

    def stage(self, text: str) -> None:
        """Say what the current case is doing."""
        if self._live:
            self._live.update(self._task, description=f"{self._case}: {text}")
