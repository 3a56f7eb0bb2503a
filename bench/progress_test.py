"""Nothing but the case is printed where there is no terminal."""

import io

from rich.console import Console

from bench.progress import Progress


def test_without_a_terminal_there_is_a_line_per_case() -> None:
    out = io.StringIO()
    with Progress(Console(file=out), total=2) as progress:
        progress.start("case1 1024 x 1024")
        progress.stage("timing")
        progress.start("case2 2048 x 2048")
    assert out.getvalue() == "[1/2] case1 1024 x 1024\n[2/2] case2 2048 x 2048\n"


def test_a_single_case_is_not_announced() -> None:
    out = io.StringIO()
    with Progress(Console(file=out), total=1) as progress:
        progress.start("case1 1024 x 1024")
    assert out.getvalue() == ""
