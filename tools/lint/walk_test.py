"""The stops of docs/walk.md are files of this workspace, and have what they are to be read for."""

from __future__ import annotations

import re
from pathlib import Path

WORKSPACE = Path(__file__).parents[2]
STOP = re.compile(r"\| (\d+) \| (\S+) \| `(\w+)` \|")
DEFINED = r"^(?:def |class |void )?{}\b.*[(:]"


def test_every_stop_is_there() -> None:
    stops = STOP.findall((WORKSPACE / "docs" / "walk.md").read_text(encoding="utf-8"))
    assert [int(number) for number, _, _ in stops] == list(range(1, 15))
    missing = [
        f"{file} has no {name}"
        for _, file, name in stops
        if not re.search(DEFINED.format(name), (WORKSPACE / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []
