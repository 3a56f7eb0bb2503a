"""Make a report of a results file of //bench:fa: one self-contained HTML page, and the same pictures as PNG.

    tools/bazel run //bench:report -- runs.json --html=report.html --png=pictures

Of each shape the latest row per kernel, backend and clock is shown; in a section of its own what the same kernels are
predicted to take on an A3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from absl import flags

from bench.page import TITLE, Section, page
from bench.page_predicted import predicted
from bench.plots import MADE_BY, plots, roof_of
from bench.results import Run, read_runs
from bench.row import SKIPPED, Key, Row
from cli.files import check_unspoiled, marked, output_file, user_path, write_file
from cli.program import EXIT_USAGE, fail, run

HTML = flags.DEFINE_string("html", "report.html", "Page to write.")
PNG = flags.DEFINE_string("png", None, "Folder to write the pictures to, as PNG files; made if there is none.")
PREDICT = flags.DEFINE_bool("predict", True, "Whether to predict what the kernels of the rows take on an A3.")


@dataclass(frozen=True)
class Options:
    """A checked request."""

    runs: Sequence[Run]
    html: Path | None
    png: Path | None
    predict: bool


def options(results: str) -> Options:
    """Read the results file. Raises ValueError or OSError naming it."""
    runs = read_runs(user_path(results))
    if not any(run.rows for run in runs):
        raise ValueError(f"{results} has no rows; run //bench:fa with --json={results} first")
    page_file = output_file("html", HTML.value, inputs=[user_path(results)], ours=marked(TITLE))
    return Options(runs, page_file, _picture_folder(PNG.value), PREDICT.value)


def _picture_folder(text: str | None) -> Path | None:
    if text is None:
        return None
    path = user_path(text)
    if not text or (path.exists() and not path.is_dir()):
        raise ValueError(f"--png={text} is not a folder; give the name of one, it is made if it is not there")
    return path


def sections(runs: Sequence[Run]) -> list[Section]:
    """Return the latest rows by backend and clock, with the runs that they are from; a skipped row is shown only if
    nothing else is known of its shape.
    """
    known: dict[Key, tuple[Row, Run]] = {}
    for row, origin in ((row, origin) for origin in runs for row in origin.rows):
        if row.status != SKIPPED or row.key not in known:
            known[row.key] = (row, origin)
    found: dict[tuple[str, str], list[tuple[Row, Run]]] = {}
    for row, origin in sorted(known.values(), key=lambda pair: (pair[0].s1, pair[0].q_rows)):
        found.setdefault((row.backend, row.clock), []).append((row, origin))
    return [_section(pairs, runs) for pairs in found.values()]


def _section(pairs: Sequence[tuple[Row, Run]], runs: Sequence[Run]) -> Section:
    rows = [row for row, _ in pairs]
    origins = [found for found in runs if any(found is origin for _, origin in pairs)]
    rates = [origin.environment.get("matmul_tflops") for origin in origins]
    roof = roof_of(rows[0].backend, next((float(rate) for rate in reversed(rates) if rate), None))
    # A product that was timed in a busier moment than the kernels is no roof for them.
    if roof and any(row.tflops(name) > roof.tflops for row in rows for name in row.timings):
        roof = None
    return Section(rows, plots(rows, roof), origins, roof)


def work(chosen: Options) -> int:
    """Write page and pictures."""
    drawn = sections(chosen.runs)
    prediction = predicted([row for section in drawn for row in section.rows]) if chosen.predict else None
    files: dict[Path, str | bytes] = {}
    if chosen.html:
        files[chosen.html] = page(drawn, prediction)
    if chosen.png:
        chosen.png.mkdir(parents=True, exist_ok=True)
        pictures = [picture for section in drawn for picture in section.plots]
        pictures += prediction.plots if prediction else []
        pngs = {chosen.png / f"{picture.name}.png": picture.png() for picture in pictures}
        try:
            for path in pngs:
                check_unspoiled(f"--png: {path}", path, (), marked(MADE_BY))
        except ValueError as error:
            return fail(error, EXIT_USAGE)
        files |= pngs
    for path, content in files.items():
        write_file(path, content)
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    run(options, work, operands=("RESULTS.json",))
