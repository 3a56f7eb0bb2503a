"""Removes PIPE_V barriers that are safe to remove from the C++ that ptoas prints, and reports which and why.

    vec_barriers --input=fa.ptoas.cpp --output=fa.cpp --report=fa.barriers.json --patterns=gu
    vec_barriers fa.ptoas.cpp fa.cpp
    vec_barriers --patterns=proved,gu --guard --proved_lines=proof.json in.cpp out.cpp

Exit code 0: done. Exit code 1: the input or the request is refused, for the reason on the standard error, and no output
is touched.
"""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import app, flags, logging

from cli.files import behind_links, check_distinct, check_unspoiled, marked, user_path
from patchers.errors import PatchError
from patchers.files import read_json, read_text, write_all
from patchers.patch import ByLines, ByPatterns, Patched, patch
from patchers.patterns import DEFAULT_PATTERNS, PATTERNS, PROVED, select_patterns
from patchers.report import report_text

CPP_HEADS = ("pto/pto-inst.hpp", "AICORE", "pipe_barrier(PIPE_V)")
"""One of these stands near the beginning of the C++ of any ptoas."""

REPORT_HEAD = '"pipe_v_barriers": {'
"""What a report of ours has near its beginning."""

_KNOWN = ", ".join([*(pattern.name for pattern in PATTERNS), PROVED, "none"])

_INPUT = flags.DEFINE_string("input", None, "C++ file as printed by ptoas (or the first argument).")
_OUTPUT = flags.DEFINE_string("output", None, "Patched C++ file (or the second argument).")
_REPORT = flags.DEFINE_string("report", None, "JSON report; without it a summary is printed.")
_PATTERNS = flags.DEFINE_list("patterns", None, f"Of {_KNOWN}; {','.join(DEFAULT_PATTERNS)} if not given.")
_GUARD = flags.DEFINE_bool("guard", False, "Keep barriers that provably order more than the pair of their pattern.")
_LINES = flags.DEFINE_list("lines", None, "For experiments: remove the barriers on these lines, instead of --patterns.")
_SPARE = flags.DEFINE_list("spare", [], "Functions in which patterns remove nothing.")
_PROVED_LINES = flags.DEFINE_string("proved_lines", None, "For --patterns=proved: the hazard judge's proof, JSON.")


def main(argv: Sequence[str]) -> None:
    """Run the tool; see the module's text."""
    gc.disable()  # millions of small immutable objects and no cycles: looking for some doubles the time
    try:
        source, target = _paths(argv[1:])
        report = None if _REPORT.value is None else user_path(_REPORT.value)
        _check_outputs(source, target, report)
        selection = _selection()
        text = read_text(source)
        patched = patch(text, selection)
        outputs = {target: patched.text}
        if report is not None:
            outputs[report] = report_text(text, selection, patched)
        write_all(outputs)
    except PatchError as error:
        print(f"vec_barriers: {error}", file=sys.stderr)
        sys.exit(1)
    if report is None:
        print(summary(patched))
    if "AICORE" in text and "__global__" not in text:
        logging.warning("%s has no entry, which ptoas prints last: is it cut off between two functions?", source)
    for name in _idle(selection, patched):
        logging.warning("pattern %s matches nothing in %s.", name, source)


def summary(patched: Patched) -> str:
    """Return one line on what was done."""
    removed, before, kept = (
        sum(barrier.outcome == outcome for barrier in patched.barriers)
        for outcome in ("removed", "already-removed", "kept")
    )
    return (
        f"{patched.total} PIPE_V barriers: removed {removed}, {patched.total - removed} remain; "
        f"{kept} candidates kept, {before} removed by earlier runs"
    )


def _paths(arguments: Sequence[str]) -> tuple[Path, Path]:
    rest = list(arguments)
    paths = [flag if flag is not None else rest.pop(0) if rest else None for flag in (_INPUT.value, _OUTPUT.value)]
    source, target = paths
    if not source or not target or rest:
        raise PatchError("give one file to read and one to write: --input=in.cpp --output=out.cpp, or in.cpp out.cpp.")
    return user_path(source), user_path(target)


def _check_outputs(source: Path, target: Path, report: Path | None) -> None:
    """Raise PatchError if an output is an input, or a file that neither ptoas nor the patcher has written."""
    inputs = [source] + ([user_path(_PROVED_LINES.value)] if _PROVED_LINES.value else [])
    try:
        check_unspoiled(str(target), target, inputs, marked(*CPP_HEADS))
        if report:
            check_unspoiled(f"--report={_REPORT.value}", report, inputs, marked(REPORT_HEAD))
            check_distinct(output=behind_links(target), report=behind_links(report))
    except (ValueError, OSError) as error:
        raise PatchError(str(error)) from error


def _selection() -> ByPatterns | ByLines:
    if _LINES.value is not None:
        if _PATTERNS.value is not None or _PROVED_LINES.value is not None or _SPARE.value:
            raise PatchError(
                "--lines excludes --patterns and --spare: patterns find barriers, line numbers name some of one file."
            )
        logging.warning("--lines is not reproducible: any change of the kernel or the assembler moves the lines.")
        return ByLines(_line_numbers(_LINES.value), "lines")
    names = [name.strip() for name in _PATTERNS.value] if _PATTERNS.value is not None else list(DEFAULT_PATTERNS)
    if (PROVED in names) != (_PROVED_LINES.value is not None):
        raise PatchError(f"--patterns={PROVED} and --proved_lines=FILE, the hazard judge's proof, need each other.")
    patterns = select_patterns(names)
    for pattern in patterns:
        if not pattern.stable:
            logging.warning("pattern %s is experimental: let the hazard judge check the result.", pattern.name)
    proof = _read_proof(user_path(_PROVED_LINES.value)) if _PROVED_LINES.value is not None else None
    return ByPatterns(patterns, _GUARD.value, proof, tuple(name.strip() for name in _SPARE.value))


def _read_proof(path: Path) -> ByLines:
    """Return what the proof in `path` allows: `{"source_sha256": "<hex>", "redundant_barriers": [12, 57]}`.

    A proof holds for the very bytes that were traced: all these barriers may go together, and nothing else.

    Raises:
        PatchError: the file is not such a proof.
    """
    match read_json(path, " Give the proof that the hazard judge wrote."):
        case {"source_sha256": str(source), "redundant_barriers": list(lines)} if all(type(n) is int for n in lines):
            return ByLines(tuple(sorted(set(lines))), PROVED, source)
    raise PatchError(f'{path}: a proof is {{"source_sha256": "<hex>", "redundant_barriers": [12, 57]}} and more.')


def _line_numbers(values: Sequence[str]) -> tuple[int, ...]:
    if not values or not all(value.strip().isdecimal() for value in values):
        raise PatchError(f"--lines={','.join(values)} must be line numbers separated by commas, such as --lines=12,57.")
    return tuple(sorted({int(value) for value in values}))


def _idle(selection: ByPatterns | ByLines, patched: Patched) -> list[str]:
    """Return the patterns that were asked for and met nowhere, not even as a kept candidate."""
    asked = selection.patterns if isinstance(selection, ByPatterns) else ()
    met = {barrier.pattern for barrier in patched.barriers}
    return [pattern.name for pattern in asked if pattern.name not in met]


def _parse_flags(argv: Sequence[str]) -> list[str]:
    try:
        return list(flags.FLAGS(list(argv)))
    except SystemExit:  # only the --help family leaves from here; absl's own exit code for it is 1
        sys.exit(0)
    except flags.Error as error:
        sys.exit(f"vec_barriers: {error} (--help lists the flags)")


if __name__ == "__main__":
    app.run(main, flags_parser=_parse_flags)
