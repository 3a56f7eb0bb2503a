"""Which actions Bazel executed on this machine, read from the profile that it writes of every build."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PROFILE = "command.profile.gz"
"""Its name in the output base."""

ACTION = "action processing"
"""Category of an action's event; the event's name is the action's progress message."""

LOCAL_PROCESS = "subprocess.run"
"""Name of the event of a process that the action's thread waited for."""


def executed_actions(events: Iterable[dict[str, Any]]) -> list[str]:
    """Progress messages of the actions during which their thread ran a process, in order of time."""
    actions, processes = [], []
    for event in events:
        if event.get("cat") == ACTION:
            actions.append(event)
        elif event.get("name") == LOCAL_PROCESS:
            processes.append((event["tid"], event["ts"]))
    actions.sort(key=lambda event: event["ts"])
    return [
        event["name"]
        for event in actions
        if any(thread == event["tid"] and 0 <= time - event["ts"] <= event["dur"] for thread, time in processes)
    ]


def read_executed_actions(output_base: Path) -> list[str]:
    """The actions that the last build of `output_base` executed here."""
    with gzip.open(output_base / PROFILE, "rt", encoding="utf-8") as file:
        return executed_actions(json.load(file)["traceEvents"])
