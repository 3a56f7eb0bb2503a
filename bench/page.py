"""The report as one HTML page that needs nothing else: no scripts, no fonts, no files beside it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cases import Case
from bench.page_predicted import SHAPE_HEADERS, Predicted, predicted_section, shape_cells
from bench.page_table import Group, cell, grouped_table, notes_list
from bench.plots import Plot, Roof, figure_html, operation_label
from bench.prediction import Launch
from bench.results import Run
from bench.row import KERNEL, OK, SKIPPED, SPEEDUP_MEANS, Row, turns_text
from bench.table import MACHINE_OF_BACKEND, milliseconds, spread

STYLE = Path(__file__).with_name("page.css")

TITLE = "<title>Flash Attention benchmark</title>"
"""By which a page of ours is known."""

ROW_CLASSES = {OK: "", SKIPPED: ' class="skipped"'}
"""Status -> class attribute of its row; any other status is bad."""

FACTS = {"matmul_tflops": "matrix product, TFLOP/s"}
"""Names of facts about a run that need one."""

HIDDEN_FACTS = ("libraries", "pid")
"""Facts about a run that are told elsewhere, or to nobody."""


@dataclass(frozen=True)
class Section:
    """The rows of one backend and clock, their pictures, and the runs that they are from."""

    rows: Sequence[Row]
    plots: Sequence[Plot]
    runs: Sequence[Run]
    roof: Roof | None = None


SHAPE = Group[Row](
    "",
    (*SHAPE_HEADERS, ("status", False)),
    lambda row: (
        *shape_cells(Launch(Case(row.case, row.q_rows, row.s1), row.variant)),
        f"{row.status}, busy" if row.busy else row.status,
    ),
)

CHECK = Group[Row](
    "", (("checked against", False), ("library", False)), lambda row: (row.reference, row.variant.library)
)


def _operation_group(name: str, roof: Roof | None) -> Group[Row]:
    headers = [("median, ms", True), ("p5 .. p95", True), ("first", True), ("TFLOP/s", True)]
    if roof is not None:
        headers.append((f"% of {roof.tflops:.4g}", True))
    headers.append(("relative error", True))
    if name != KERNEL:
        headers.append(("speed-up over it", True))
    return Group(operation_label(name), headers, lambda row: _operation_cells(row, name, roof))


def _operation_cells(row: Row, name: str, roof: Roof | None) -> list[str]:
    cells = [""] * (4 if roof is None else 5)
    timing = row.timings.get(name)
    if timing is not None:
        rate = row.tflops(name)
        cells = [milliseconds(timing.median), spread(timing), milliseconds(timing.cold), f"{rate:.4g}"]
        if roof is not None:
            cells.append(f"{100 * rate / roof.tflops:.3g}")
    cells.append(f"{row.relative_errors[name]:.1e}" if name in row.relative_errors else "")
    if name != KERNEL:
        cells.append(f"{row.speedups[name]:.3g}x" if name in row.speedups else "")
    return cells


def _rows_table(section: Section) -> str:
    operations = list(dict.fromkeys(name for row in section.rows for name in row.timings))
    groups = [SHAPE, *(_operation_group(name, section.roof) for name in operations), CHECK]
    return grouped_table(groups, section.rows, lambda row: ROW_CLASSES.get(row.status, ' class="bad"'))


def _notes(rows: Sequence[Row]) -> str:
    notes = [(row.case, row.note) for row in rows if row.note]
    notes += [(row.case, turns_text(row, rows)) for row in rows if row.turns is not None]
    return notes_list(notes)


def _text(value: object) -> str:
    """Return a fact in words: lists and mappings without Python's punctuation, nothing for what is unknown."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items() if item is not None)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(map(_text, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _facts(facts: Mapping[str, Any]) -> str:
    pairs = [(key, value) for key, value in facts.items() if value is not None]
    lines = "".join(f"<tr>{cell('td', FACTS.get(key, key))}{cell('td', _text(value))}</tr>" for key, value in pairs)
    return f"<table>{lines}</table>"


def _runs(runs: Sequence[Run]) -> str:
    parts = []
    for run in runs:
        facts = {key: value for key, value in run.environment.items() if key not in HIDDEN_FACTS}
        parts.append(f"<h3>{html.escape(run.started)}</h3>{_facts(facts)}")
    return "".join(parts)


def _libraries(runs: Sequence[Run]) -> str:
    infos = [info for run in runs for info in (run.environment.get("libraries") or {}).items()]
    # By text: a library that several runs used is shown once.
    blocks = {json.dumps(info, indent=2, sort_keys=True): name for name, info in infos}
    texts = [f"<h3>{html.escape(name)}</h3><pre>{html.escape(text)}</pre>" for text, name in blocks.items()]
    return "".join(texts) or "<p>The results file does not say.</p>"


def _section(section: Section) -> str:
    backend, clock = section.rows[0].backend, section.rows[0].clock
    machines = [run.environment.get("machine") or {} for run in section.runs]
    processors = list(dict.fromkeys(str(machine["cpu"]) for machine in machines if machine.get("cpu")))
    where = MACHINE_OF_BACKEND.get(backend, backend) + (f" (host: {', '.join(processors)})" if processors else "")
    figures = "".join(map(figure_html, section.plots))
    words = "" if section.roof is None else f" TFLOP/s are seen against a roof: {section.roof.label}."
    if any(row.speedups for row in section.rows):
        words += f" {SPEEDUP_MEANS[0].upper()}{SPEEDUP_MEANS[1:]}."
    return (
        f"<h2>Backend {html.escape(backend)}, {html.escape(clock)} clock</h2>"
        f'<p class="where">Latencies were measured on {html.escape(where)}.{html.escape(words)}</p>'
        f'<div class="plots">{figures}</div>{_rows_table(section)}{_notes(section.rows)}'
    )


def page(sections: Sequence[Section], prediction: Predicted | None = None) -> str:
    """Return the page: a section for each backend and clock, then what is predicted, then what the libraries and the
    runs were.
    """
    # By identity: one run may have rows in several sections.
    runs = list({id(run): run for section in sections for run in section.runs}.values())
    runs.sort(key=lambda run: run.started, reverse=True)
    body = "".join(map(_section, sections)) + (predicted_section(prediction) if prediction else "")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{TITLE}<style>{STYLE.read_text(encoding='utf-8')}</style></head><body><h1>Flash Attention benchmark</h1>"
        '<p class="where">Non-causal forward, one head of dimension 128; latest run '
        f"{html.escape(runs[0].started)}.</p>"
        f"{body}<h2>Kernel libraries</h2>{_libraries(runs)}"
        f"<h2>Runs that rows above are from</h2>{_runs(runs)}</body></html>\n"
    )
