"""One action of a sweep: a kernel library against the FP32 reference at one shape, on several kinds of inputs.

A wrong result is a row, not a failed action: the table shows it, and nobody computes it again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from bench.sweep_row import FAILED, OK, WRONG, SweepRow, row_for, unsupported, write_rows
from flash_atten.backend import AttentionBackend, open_backend
from flash_atten.check_compare import Comparison, Expected
from flash_atten.check_inputs import INPUT_KINDS, make_inputs
from flash_atten.config import KernelConfig
from kernels.library import BuildInfo, KernelError

SEED = 0


def note_of(found: Comparison) -> str:
    """The comparison in words; two digits, as the last ones depend on how the reference was summed up."""
    if found.ok:
        return f"relative error {found.block_error:.1e} (allowed {found.tolerance.block:.1e}) in {found.rows} rows"
    return f"{found.wrong_rows} of {found.rows} rows are wrong, by up to {found.excess:.1e} times what is allowed"


def check_kind(backend: AttentionBackend, info: BuildInfo, kind: str, q_rows: int, s1: int) -> SweepRow:
    """Runs the kernel once on inputs of one kind and compares."""
    inputs = make_inputs(kind, q_rows, s1, SEED)
    try:
        out = backend.to_numpy(backend.launch(*(backend.from_numpy(array) for array in (inputs.q, inputs.k, inputs.v))))
    except KernelError as error:
        return row_for(info, q_rows, s1, "check", kind, FAILED, str(error))
    found = Expected.of(inputs, SEED).judge(out)
    return row_for(info, q_rows, s1, "check", kind, OK if found.ok else WRONG, note_of(found))


def check(library: Path, info: BuildInfo, kinds: list[str], q_rows: int, s1: int) -> Iterator[SweepRow]:
    """A row per kind of inputs, or one that says why there are none. Raises LibraryError."""
    if skipped := unsupported(info, q_rows, s1, "check"):
        yield skipped
        return
    backend = open_backend(KernelConfig.of(info.knobs), path=library).backend
    for kind in kinds:
        yield check_kind(backend, info, kind, q_rows, s1)


def main() -> None:
    """Runs the action."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--build_info", type=Path, required=True, help="what the library says of itself")
    parser.add_argument("--q_rows", type=int, required=True)
    parser.add_argument("--s1", type=int, required=True)
    parser.add_argument("--subject", action="append", choices=list(INPUT_KINDS), required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    library = options.library.absolute()
    info = BuildInfo.parse(options.build_info.read_text(encoding="utf-8"))
    write_rows(options.output, check(library, info, options.subject, options.q_rows, options.s1))


if __name__ == "__main__":
    main()
