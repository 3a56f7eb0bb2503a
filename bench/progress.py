"""What a person sees while a benchmark runs."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress


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
        """Do nothing: the live display starts with the first case, so that what is printed before stays whole."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the live display."""
        if self._live and self._started:
            self._live.stop()

    def start(self, case: str) -> None:
        """Say that a case begins; the one before is done."""
        self._case = case
        self._started += 1
        if self._live:
            self._live.start()
            self._live.update(self._task, description=case, completed=self._started - 1)
        elif self._total > 1:
            self._console.print(f"[{self._started}/{self._total}] {case}", markup=False, highlight=False)

    def stage(self, text: str) -> None:
        """Say what the current case is doing."""
        if self._live:
            self._live.update(self._task, description=f"{self._case}: {text}")
