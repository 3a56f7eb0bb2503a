"""Traces from files, with costs."""

from __future__ import annotations

import gzip
from pathlib import Path

from sim.timeline.program import TimedProgram, timed_program
from trace.file import parse_trace
from trace.format import TraceError


def read_program(path: Path, free_batch: int | None = None) -> TimedProgram:
    """Return the block of a trace file, gzipped or not, with costs.

    Raises:
        TraceError: the file is no trace of one block.
        CostError: it has an operation without a cost.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    try:
        return timed_program(parse_trace(gzip.decompress(data) if path.suffix == ".gz" else data), free_batch)
    except (TraceError, gzip.BadGzipFile, EOFError) as error:
        raise TraceError(f"{path}: {error}") from None
