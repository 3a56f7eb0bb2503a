"""The shapes of the suite, predicted: `tools/bazel run //bench:timeline -- --suite`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench.cases import SUITE, named_cases
from bench.prediction import BuiltKernels, Launch, columns, predictions, title
from bench.text_table import print_table
from bench.variant import Variant
from cli.files import json_text, write_file
from flash_atten.knobs import Asked, choose_config
from sim.timeline.parameters import load_fits

PROGRAM = "//bench:timeline"


@dataclass(frozen=True)
class Suite:
    """A checked request for predictions of the whole suite."""

    launches: tuple[Launch, ...]
    cores: int
    free_batch: int | None
    json: Path | None


def suite_launches(asked: Asked, barriers: str, cores: int) -> tuple[Launch, ...]:
    """Return a launch for each shape of the suite. Raises ValueError for knobs that one of them cannot have."""
    return tuple(
        Launch(case, Variant(choose_config(asked, q_rows=case.q_rows, s1=case.s1, cores=lambda: cores), barriers))
        for case in named_cases(SUITE)
    )


def print_suite(chosen: Suite) -> None:
    """Predict, print a table, write the JSON file. Raises as `predictions`, and OSError if that cannot be written."""
    fits = load_fits()
    found = predictions(chosen.launches, BuiltKernels(chosen.free_batch), chosen.cores, fits)
    heading = title(chosen.cores, fits)
    print_table(columns(found), Console(file=sys.stdout, highlight=False), title=heading)
    if chosen.json:
        data = {"predicted": True, "cores": chosen.cores, "cases": [one.to_json() for one in found]}
        write_file(chosen.json, json_text(PROGRAM, data))
