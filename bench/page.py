"""The report as one HTML page that needs nothing else: no scripts, no fonts, no files beside it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bench.plots import Plot, operation_label
from bench.results import Run
from bench.row import KERNEL, OK, Row
from bench.table import MACHINE_OF_BACKEND, milliseconds

CSS = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; color: #1c1c1c; background: #fff; margin: 2rem auto; max-width: 1180px;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .4rem; border-bottom: 1px solid #ddd; padding-bottom: .2rem; }
p.where { margin: .2rem 0 1rem; color: #444; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 1rem; }
.plots svg { width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: .25rem .7rem .25rem 0; text-align: left; vertical-align: top; }
th { border-bottom: 1px solid #999; font-weight: 600; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tr.bad td { color: #b00020; font-weight: 600; }
tr.skipped td { color: #777; }
code, pre { font: 12px/1.4 ui-monospace, monospace; }
pre { background: #f6f6f6; padding: .7rem; overflow-x: auto; }
"""


def _cell(tag: str, text: object, number: bool) -> str:
    kind = ' class="n"' if number else ""
    return f"<{tag}{kind}>{html.escape(str(text))}</{tag}>"


def _rows_table(rows: Sequence[Row]) -> str:
    operations = list(dict.fromkeys(name for row in rows for name in row.timings))
    headers = [("case", False), ("q_rows", True), ("s1", True), ("tile", True), ("preload", True), ("status", False)]
    for name in operations:
        headers += [(f"{operation_label(name)}: ms", True), ("p5 .. p95", True), ("cold", True), ("TFLOP/s", True)]
    headers += [(f"speed-up over {operation_label(name)}", True) for name in operations if name != KERNEL]
    headers += [("max error", True), ("checked against", False), ("library", False), ("note", False)]
    lines = ["<tr>" + "".join(_cell("th", text, number) for text, number in headers) + "</tr>"]
    for row in rows:
        cells: list[object] = [row.case, row.q_rows, row.s1, row.s1_tile, row.qk_preload, row.status]
        for name in operations:
            cells += _timing_cells(row, name)
        cells += [f"{row.speedups[n]:.3g}x" if n in row.speedups else "" for n in operations if n != KERNEL]
        cells += [f"{row.errors[KERNEL]:.2e}" if KERNEL in row.errors else "", row.reference, row.library, row.note]
        kind = {OK: "", "skipped": ' class="skipped"'}.get(row.status, ' class="bad"')
        pairs = zip(cells, headers, strict=True)
        lines.append(f"<tr{kind}>" + "".join(_cell("td", text, number) for text, (_, number) in pairs) + "</tr>")
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _timing_cells(row: Row, name: str) -> list[str]:
    timing = row.timings.get(name)
    if timing is None:
        return [""] * 4
    spread = f"{milliseconds(timing.percentile(5))} .. {milliseconds(timing.percentile(95))}"
    return [milliseconds(timing.median), spread, milliseconds(timing.cold), f"{row.tflops(name):.4g}"]


def _facts(facts: Mapping[str, Any]) -> str:
    lines = []
    for key, value in facts.items():
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        lines.append(f"<tr>{_cell('td', key, False)}{_cell('td', text, False)}</tr>")
    return f"<table>{''.join(lines)}</table>"


def _libraries(runs: Sequence[Run]) -> str:
    libraries: dict[str, Any] = {}
    for run in runs:
        libraries.update(run.environment.get("libraries") or {})
    blocks = [
        f"<h3>{html.escape(name)}</h3><pre>{html.escape(json.dumps(info, indent=2, sort_keys=True))}</pre>"
        for name, info in libraries.items()
    ]
    return "".join(blocks) or "<p>The results file does not say.</p>"


def page(groups: Sequence[tuple[Sequence[Row], Sequence[Plot]]], runs: Sequence[Run]) -> str:
    """Return the page: for each backend and clock its pictures and rows, then what the libraries and the machine
    are.
    """
    parts = []
    for rows, drawn in groups:
        backend, timing = rows[0].backend, rows[0].timing
        machine = MACHINE_OF_BACKEND.get(backend, backend)
        pictures = "".join(
            f'<figure style="margin:0" aria-label="{html.escape(p.title)}">{p.svg()}</figure>' for p in drawn
        )
        parts.append(
            f"<h2>Backend {html.escape(backend)}, {html.escape(timing)} clock</h2>"
            f'<p class="where">Latencies were measured on {html.escape(machine)}.</p>'
            f'<div class="plots">{pictures}</div>{_rows_table(rows)}'
        )
    latest = runs[-1]
    environment = {key: value for key, value in latest.environment.items() if key != "libraries"}
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Flash Attention benchmark</title><style>{CSS}</style></head><body>"
        "<h1>Flash Attention benchmark</h1>"
        f'<p class="where">Non-causal forward, one head of dimension 128; latest run {html.escape(latest.started)}.</p>'
        f"{''.join(parts)}<h2>Kernel libraries</h2>{_libraries(runs)}"
        f"<h2>Environment of the latest run</h2>{_facts(environment)}</body></html>\n"
    )
