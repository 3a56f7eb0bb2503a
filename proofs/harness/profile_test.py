"""An action was executed here if its thread waited for a process meanwhile."""

import gzip
import json
from pathlib import Path
from typing import Any

from proofs.harness.profile import ACTION, LOCAL_PROCESS, PROFILE, executed_actions, read_executed_actions


def action(name: str, thread: int, start: int, duration: int) -> dict[str, Any]:
    return {"cat": ACTION, "name": name, "tid": thread, "ts": start, "dur": duration}


def process(thread: int, start: int) -> dict[str, Any]:
    return {"cat": "general information", "name": LOCAL_PROCESS, "tid": thread, "ts": start, "dur": 1}


EVENTS = [
    {"name": "thread_name", "tid": 7},
    action("Testing //b", 8, 30, 10),
    action("Unpacking a.whl", 7, 10, 10),
    action("Compiling c", 7, 30, 10),
    process(7, 15),
    process(8, 31),
]


def test_actions_with_a_process_in_their_thread_and_time_were_executed() -> None:
    assert executed_actions(EVENTS) == ["Unpacking a.whl", "Testing //b"]


def test_the_profile_is_read_from_the_output_base(tmp_path: Path) -> None:
    with gzip.open(tmp_path / PROFILE, "wt") as file:
        json.dump({"traceEvents": EVENTS}, file)
    assert len(read_executed_actions(tmp_path)) == 2
