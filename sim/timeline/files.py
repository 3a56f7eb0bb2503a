"""Traces from files, with costs."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from sim.timeline.program import TimedProgram, timed_program
from tracing.file import parse_trace
from tracing.format import TraceError

_GZIP = b"\x1f\x8b"


def read_program(path: Path, free_batch: int | None = None) -> TimedProgram:
    """Return the block of a trace file, gzipped or not, with costs.

    Raises:
        TraceError: the file is no trace of one block, or cannot be read.
        CostError: it has an operation without a cost.
    """
    try:
        data = path.read_bytes()
        return timed_program(parse_trace(gzip.decompress(data) if data.startswith(_GZIP) else data), free_batch)
    except OSError as error:
        raise TraceError(f"{path} cannot be read: {error.strerror or error}") from None
    except (TraceError, EOFError, zlib.error) as error:
        raise TraceError(f"{path}: {error}") from None
