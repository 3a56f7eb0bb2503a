"""Check the Flash Attention kernel against the FP32 reference, on inputs that show every lost tile, and on the edges of
FP16 softmax.

    tools/bazel run //flash_atten:check -- --s1=1024,4096 --q_rows=256 --seeds=0,1,2
    tools/bazel run //flash_atten:check -- --s1=16384 --kinds=normal,large

A result is right if its errors are small relative to the size of the output; every line says how large they are and
what is allowed (docs/checks.md). Every row is compared up to 256M scores (q rows x s1), beyond that some whole Q blocks
and a row in each stretch of the others; which ones follows from the seed. Exit code 1 if anything is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from absl import flags

from cli.files import user_path
from cli.interrupt import Interrupted, interruptible, leave
from cli.program import EXIT_FAILED, integers, paragraph, run
from flash_atten.backend import AttentionBackend, open_backend
from flash_atten.built import serve_shape
from flash_atten.check_compare import Comparison, Expected
from flash_atten.check_inputs import INPUT_KINDS, AttentionInputs, known_kinds, make_inputs
from flash_atten.config import KernelConfig
from flash_atten.knob_flags import define_knobs
from kernels.backend import Choice
from kernels.launch_flags import define_choice
from kernels.library import KernelError, LibraryError

S1 = flags.DEFINE_list("s1", ["1024"], "Rows of K and V; a list.")
Q_ROWS = flags.DEFINE_list("q_rows", [], "Rows of Q; a list. Default: the same as s1.")
KINDS = flags.DEFINE_list("kinds", list(INPUT_KINDS), "Kinds of inputs.")
SEEDS = flags.DEFINE_list("seeds", ["0"], "Seeds of the inputs, and of the rows that are compared.")
KNOBS = define_knobs()
LIBRARY = flags.DEFINE_string("library", None, "Kernel library to use instead of the one built for these knobs.")
CHOICE = define_choice(interleave=True)


@dataclass(frozen=True)
class Check:
    """One comparison to make."""

    q_rows: int
    s1: int
    kind: str
    seed: int
    config: KernelConfig


@dataclass(frozen=True)
class Options:
    """A checked request."""

    checks: tuple[Check, ...]
    library: Path | None
    choice: Choice
    notes: tuple[str, ...]
    """What the user is to know about the choice of libraries."""


def options() -> Options:
    """Read the flags. Raises ValueError for a request that cannot be served."""
    kinds, seeds = known_kinds(KINDS.value), integers("seeds", SEEDS.value, least=0)
    checks, choice, asked = [], CHOICE(), KNOBS()
    notes: list[str] = []
    library = user_path(LIBRARY.value) if LIBRARY.value else None
    for s1 in integers("s1", S1.value):
        for q_rows in integers("q_rows", Q_ROWS.value) if Q_ROWS.value else [s1]:
            served = serve_shape(asked, q_rows, s1, choice, library)
            notes += served.notes
            checks += [Check(q_rows, s1, kind, seed, served.config) for kind in kinds for seed in seeds]
    return Options(tuple(checks), library, choice, tuple(notes))


def check_result(backend: AttentionBackend, inputs: AttentionInputs, seed: int) -> Comparison:
    """Run the kernel once on poisoned buffers and compare. Raises KernelError."""
    bound = backend.bind(*(backend.from_numpy(array) for array in (inputs.q, inputs.k, inputs.v)))
    bound.poison()
    bound.run()
    return Expected.of(inputs, seed).judge(backend.to_numpy(bound.out))


def describe(backend: AttentionBackend, check: Check) -> tuple[bool, str]:
    """Make one comparison; return whether it is right, and a line that says so."""
    title = f"q_rows {check.q_rows}, s1 {check.s1}, {check.kind}, seed {check.seed}, {backend.library.info.name}"
    try:
        found = check_result(backend, make_inputs(check.kind, check.q_rows, check.s1, check.seed), check.seed)
    except KernelError as error:
        return False, f"FAILED {title}: {error}"
    return found.ok, f"{'ok    ' if found.ok else 'WRONG '} {title}: {found.describe()}"


def run_checks(chosen: Options) -> Iterator[tuple[bool, str]]:
    """Make the comparisons one after the other. Raises LibraryError."""
    backends: dict[KernelConfig, AttentionBackend] = {}
    for check in chosen.checks:
        if check.config not in backends:
            opened = open_backend(check.config, chosen.choice, path=chosen.library)
            print(f"backend: {opened.why}", flush=True)
            backends[check.config] = opened.backend
        yield describe(backends[check.config], check)


def work(chosen: Options) -> int:
    """Make all comparisons, a line each; return 1 if any is wrong. Ctrl-C ends the program, also inside the kernel."""
    results: list[bool] = []
    for note in dict.fromkeys(chosen.notes):
        print(paragraph(f"note: {note}"), flush=True)

    def check_all() -> None:
        for ok, line in run_checks(chosen):
            print(line, flush=True)
            results.append(ok)

    try:
        interruptible(check_all)
    except Interrupted:
        leave(f"interrupted: {len(results)} of {len(chosen.checks)} checks were made, {sum(results)} are right")
    print(f"{sum(results)} of {len(chosen.checks)} checks are right")
    return 0 if all(results) else EXIT_FAILED


if __name__ == "__main__":
    run(options, work, failed=(LibraryError,))
