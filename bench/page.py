"""The report as one HTML page that needs nothing else: no scripts, no fonts, no files beside it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.page_predicted import Predicted, predicted_section
from bench.page_table import Group, cell, grouped_table, notes_list
from bench.plots import Plot, Roof, figure_html, operation_label
from bench.results import Run
from bench.row import KERNEL, OK, SKIPPED, SPEEDUP_MEANS, Row, turns_text
from bench.table import MACHINE_OF_BACKEND, milliseconds, spread
from bench.variant import HEADINGS

CSS = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; color: #1c1c1c; background: #fff; margin: 2rem auto; max-width: 1180px;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .4rem; border-bottom: 1px solid #ddd; padding-bottom: .2rem; }
p.where { margin: .2rem 0 1rem; color: #444; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 430px), 1fr)); gap: 1rem; }
.plots svg { width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: .25rem .7rem .25rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
.wide th, .wide td { white-space: nowrap; }
th { border-bottom: 1px solid #999; font-weight: 600; }
tr.titles th { border: 0; padding-top: .6rem; text-align: center; }
ul.notes { font-size: 13px; color: #444; padding-left: 1.1rem; white-space: pre-line; }
h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tr.bad td { color: #b00020; font-weight: 600; }
tr.skipped td { color: #777; }
code, pre { font: 12px/1.4 ui-monospace, monospace; }
pre { background: #f6f6f6; padding: .7rem; overflow-x: auto; }
"""

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
    (
        ("case", False),
        ("q_rows", True),
        ("s1", True),
        *HEADINGS.values(),
        ("removed barriers", False),
        ("status", False),
    ),
    lambda row: (
        row.case,
        row.q_rows,
        row.s1,
        *row.variant.knobs.values(),
        row.variant.barriers,
        f"{row.status}, busy" if row.busy else row.status,
    ),
)

CHECK = Group[Row](
    "",
    (("checked against", False), ("library", False)),
    lambda row: (row.reference, row.variant.library),
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
        f"{TITLE}<style>{CSS}</style></head><body>"
        "<h1>Flash Attention benchmark</h1>"
        '<p class="where">Non-causal forward, one head of dimension 128; latest run '
        f"{html.escape(runs[0].started)}.</p>"
        f"{body}<h2>Kernel libraries</h2>{_libraries(runs)}"
        f"<h2>Runs that rows above are from</h2>{_runs(runs)}</body></html>\n"
    )
