"""How many barriers each default target of the chain has, loses and keeps: golden.json, and what to do when it moves.

`tools/bazel run //patchers:golden` writes the counts of the targets as they are built now.
"""

import json
import os
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

GOLDEN = "patchers/golden.json"
_HOW_TO_ACCEPT = f"""
The assembler, the kernel or the patcher changed, so other barriers are printed or removed. Audit before accepting:
  tools/bazel build //flash_atten:TARGET        (fails if the hazard judge finds anything but the removed pairs)
  then read bazel-bin/flash_atten/TARGET.barriers.json: what went, what stayed, and why
To accept: tools/bazel run //:accept    (and commit what it writes; //patchers:golden writes {GOLDEN} alone)"""


def counts(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is golden about a report: barriers before and after, removals by pattern, and reasons of the rest."""
    return {
        "before": report["pipe_v_barriers"]["before"],
        "after": report["pipe_v_barriers"]["after"],
        "removed": report["counts"],
        "kept": dict(sorted(Counter(entry["reason"] for entry in report["kept"]).items())),
    }


def difference(golden: Mapping[str, Any], built: Mapping[str, Any]) -> str | None:
    """Return what moved between the golden counts and those of the built targets, and what to do; None if nothing."""
    names = sorted(golden.keys() | built.keys())
    moved = [
        f"  {name}: golden {json.dumps(golden.get(name))}, built {json.dumps(built.get(name))}"
        for name in names
        if golden.get(name) != built.get(name)
    ]
    return "\n".join(["the counts of barriers moved:", *moved, _HOW_TO_ACCEPT]) if moved else None


def built_counts(root: Path) -> dict[str, Any]:
    """Return the counts of the reports of all default targets that lie under `root`, the workspace or its runfiles."""
    reports = sorted((root / "flash_atten").glob("fa_*.barriers.json"))
    return {
        path.name.removesuffix(".barriers.json"): counts(json.loads(path.read_text(encoding="utf-8")))
        for path in reports
    }


def dump(golden: Mapping[str, Any]) -> str:
    """Return the text of golden.json: a target a line."""
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(found)}" for name, found in sorted(golden.items()))
    return f"{{\n{lines}\n}}\n"


def main(argv: Sequence[str] = ()) -> None:
    """Write the counts of the built targets to the work tree; there are no flags but --help."""
    ArgumentParser("tools/bazel run //patchers:golden", description=__doc__).parse_args(argv)
    workspace = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    built = built_counts(Path(__file__).parents[1])
    if workspace is None or not built:
        sys.exit("golden: there are no built targets here; start this with `tools/bazel run //patchers:golden`.")
    (Path(workspace) / GOLDEN).write_text(dump(built), encoding="utf-8")
    print(f"golden: wrote {GOLDEN} with the counts of {', '.join(built)}")


if __name__ == "__main__":
    main(sys.argv[1:])
