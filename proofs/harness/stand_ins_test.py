"""A stand-in is there to be started, wherever it has to lie."""

import subprocess
from pathlib import Path

from proofs.harness.stand_ins import write_program


def test_a_program_is_started_and_can_be_replaced(tmp_path: Path) -> None:
    program = tmp_path / "a" / "b" / "tool"
    for answer in ("first", "second"):
        write_program(program, f"#!/bin/sh\necho {answer}\n")
        assert subprocess.run([program], check=True, capture_output=True, text=True).stdout == f"{answer}\n"
