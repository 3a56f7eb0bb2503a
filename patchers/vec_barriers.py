"""Removes PIPE_V barriers that are safe to remove from the C++ that ptoas prints, and reports which and why.

    vec_barriers --input=fa.ptoas.cpp --output=fa.cpp --report=fa.barriers.json --patterns=gu
    vec_barriers fa.ptoas.cpp fa.cpp
    vec_barriers --patterns=proved --proved_lines=redundant.json in.cpp out.cpp

Exit codes: 0 done; 1 the input or the request is refused, in one paragraph on the standard error, and no output file is touched.
"""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import app, flags, logging

from patchers.errors import PatchError
from patchers.files import read_text, write_all
from patchers.patch import ByLines, ByPatterns, Patched, patch
from patchers.patterns import DEFAULT_PATTERNS, select_patterns
from patchers.proved import PROVED, read_proof
from patchers.report import dump_report, make_report

_INPUT = flags.DEFINE_string("input", None, "C++ file as printed by ptoas (or the first argument).")
_OUTPUT = flags.DEFINE_string("output", None, "Patched C++ file (or the second argument).")
_REPORT = flags.DEFINE_string("report", None, "JSON report; without it a summary is printed.")
_PATTERNS = flags.DEFINE_list(
    "patterns",
    None,
    f"Patterns to remove: gu, softmax-exp-sum, softmax-sum-add, proved, or none. Default: {','.join(DEFAULT_PATTERNS)}.",
)
_LINES = flags.DEFINE_list(
    "lines", None, "Remove exactly the barriers on these lines; not together with --patterns. For experiments only."
)
_PROVED_LINES = flags.DEFINE_string(
    "proved_lines", None, "For --patterns=proved: JSON list of the lines that the hazard judge showed to be redundant."
)


def main(argv: Sequence[str]) -> None:
    """Run the tool; see the module's text."""
    gc.disable()  # millions of small immutable objects and no cycles: collecting them doubles the time
    try:
        source, target = _paths(argv[1:])
        text = read_text(source)
        selection = _selection(text)
        patched = patch(text, selection)
        report = make_report(text, selection, patched)
        outputs = {target: patched.text}
        if _REPORT.value is not None:
            outputs[Path(_REPORT.value)] = dump_report(report)
        write_all(outputs)
    except PatchError as error:
        print(f"vec_barriers: {error}", file=sys.stderr)
        sys.exit(1)
    if _REPORT.value is None:
        print(summary(patched))


def summary(patched: Patched) -> str:
    """Return one line on what was done."""
    count = {
        outcome: sum(barrier.outcome == outcome for barrier in patched.barriers)
        for outcome in ("removed", "already-removed", "kept")
    }
    return (
        f"{patched.total} PIPE_V barriers: removed {count['removed']}, {patched.total - count['removed']} remain; "
        f"{count['kept']} candidates kept, {count['already-removed']} removed by earlier runs"
    )


def _paths(arguments: Sequence[str]) -> tuple[Path, Path]:
    named = [value for value in (_INPUT.value, _OUTPUT.value) if value is not None]
    paths = [*named, *arguments]
    if len(paths) != 2 or (len(named) == 1 and _INPUT.value is None):
        raise PatchError(
            "give the C++ to read and the file to write: --input=in.cpp --output=out.cpp, or just in.cpp out.cpp."
        )
    return Path(paths[0]), Path(paths[1])


def _selection(text: str) -> ByPatterns | ByLines:
    names = [name.strip() for name in _PATTERNS.value] if _PATTERNS.value is not None else None
    if _LINES.value is not None:
        if names is not None:
            raise PatchError(
                "--lines and --patterns exclude each other: line numbers name barriers of one file, patterns find them. Give one of them."
            )
        logging.warning(
            "--lines is for experiments: the numbers are not reproducible, any change of the kernel or the assembler moves them."
        )
        return ByLines(_line_numbers(_LINES.value), "lines")
    if names is None:
        names = list(DEFAULT_PATTERNS)
    if (PROVED in names) != (_PROVED_LINES.value is not None):
        raise PatchError(
            "--patterns=proved and --proved_lines=FILE belong together: the file, made by the hazard judge, says which barriers are redundant."
        )
    if PROVED in names:
        if len(set(names)) > 1:
            raise PatchError(
                "pattern proved stands alone: the proof is about the input as it is, and removing anything else would void it. Patch in two runs."
            )
        return ByLines(read_proof(Path(_PROVED_LINES.value or ""), text), PROVED)
    patterns = select_patterns(names)
    for pattern in patterns:
        if not pattern.stable:
            logging.warning(
                "pattern %s is experimental: check the result with the hazard judge before it runs on hardware.",
                pattern.name,
            )
    return ByPatterns(patterns)


def _line_numbers(values: Sequence[str]) -> tuple[int, ...]:
    if not values or not all(value.strip().isdecimal() for value in values):
        raise PatchError(
            f"--lines={','.join(values)} must be line numbers from 1 separated by commas, such as --lines=12,57."
        )
    return tuple(sorted({int(value) for value in values}))


if __name__ == "__main__":
    app.run(main)
