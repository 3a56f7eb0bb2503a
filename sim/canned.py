"""For tests: a trace library that gives a trace made beforehand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from flash_atten.config import KernelConfig
from flash_atten.stand_in import build_info, compile_stand_in
from kernels.library import TRACE
from tracing.file import write_trace
from tracing.format import Trace

SOURCE = Path(__file__).parent / "testdata" / "canned_trace.cpp"


def build_canned(directory: Path, trace: Trace, *, remove_barriers: Sequence[str] = (), fails: bool = False) -> Path:
    """Compile a library into `directory` whose every launch has `trace`; return its path."""
    write_trace(trace, directory / "canned.trace")
    info = build_info(KernelConfig()) | {"mode": TRACE, "remove_barriers": list(remove_barriers)}
    macros = {"CANNED_TRACE": f'"{directory / "canned.trace"}"', "CANNED_FAILS": int(fails)}
    path = directory / "canned.trace.so"
    compile_stand_in(SOURCE, path, json.dumps(info), macros, KernelConfig())
    return path
