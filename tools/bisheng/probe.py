"""How repository rules look for programs: what a program says of itself, words for what is not there or is another.

Needs the standard library only: repository rules run it with the machine's Python.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import textwrap
from collections.abc import Mapping, Sequence
from typing import Self

VERSION_TIMEOUT_S = 60

TOOL_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
"""Environment of compilers: they find the machine's assembler and linker, whatever the caller's environment is."""

Version = tuple[int, int]
"""Major and minor."""


class ProbeError(RuntimeError):
    """A program does not say what it is, or is not what it was; the text says why."""


@dataclasses.dataclass(frozen=True)
class Found:
    """What was found of a program, for a file that says so."""

    def to_json(self) -> str:
        """Text for `from_json`, the same for the same value."""
        return json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads what `to_json` wrote."""
        return cls(**json.loads(text))


def is_program(path: str) -> bool:
    """Whether `path` is a file that can be executed."""
    return os.path.isfile(path) and os.access(path, os.X_OK)


def ask_version(path: str) -> str:
    """What `path --version` prints, without empty lines; "" if it prints nothing. Raises ProbeError if it fails."""
    try:
        done = subprocess.run(
            [path, "--version"], check=True, capture_output=True, text=True, errors="replace", timeout=VERSION_TIMEOUT_S
        )
    except subprocess.CalledProcessError as error:
        words = error.stderr.strip().splitlines() or [f"exit status {error.returncode}"]
        raise ProbeError(f"{path} --version fails: {words[-1]}") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise ProbeError(f"{path} --version fails: {error}") from error
    return "\n".join(line.strip() for line in done.stdout.splitlines() if line.strip())


def read_version(text: str, pattern: str) -> Version | None:
    """The version that follows a match of `pattern` in `text`; None if there is none: it cannot be checked then."""
    found = re.search(rf"(?:{pattern})\s*v?(\d+)\.(\d+)", text, re.IGNORECASE | re.MULTILINE)
    return (int(found[1]), int(found[2])) if found else None


def too_old(name: str, found: Version | None, minimum: Version) -> str:
    """Words for a version below the minimum; "" if it is not, or is not known."""
    if found is None or found >= minimum:
        return ""
    return f"{name} is {found[0]}.{found[1]}, needed is {minimum[0]}.{minimum[1]} or newer"


WIDTH = 100
"""Characters of a line of a refusal."""

MORE = "docs/npu.md says what is looked for, where, and which versions will do."


def not_found(what: str, environment: Mapping[str, str], variables: Sequence[str], looked_at: Sequence[str]) -> str:
    """Words for something that is not there: where it was looked for, and which variables could have told."""
    unset = [name for name in variables if not environment.get(name)]
    places = [f"looked at {', '.join(looked_at)}"] if looked_at else []
    places += [f"not set: {', '.join(unset)}"] if unset else []
    return f"{what} was not found ({'; '.join(places)})"


def problem_text(heading: str, problems: Sequence[str], cure: str, environment: Mapping[str, str]) -> str:
    """A refusal to read at a terminal: each problem on a line, the cure wrapped, then what PATH is."""
    lines = [f"{heading}:", *(f"  {problem}" for problem in problems)]
    lines += textwrap.wrap(f"{cure} {MORE}", WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*lines, f"PATH is {environment.get('PATH') or 'empty'}"])


def require_same(program: str, described: object, found: Mapping[str, str]) -> None:
    """Raises ProbeError unless `program` is what the fields of `described` say; `found` is what it is, by their names.

    A description is in the key of what the program makes: another program's results would be taken for this one's.
    """
    changes = [
        f"{name} is {text!r}, not {getattr(described, name)!r}"
        for name, text in found.items()
        if text != getattr(described, name)
    ]
    if changes:
        raise ProbeError(
            f"{program} is not what this workspace was configured with: {'; '.join(changes)}. If it was replaced, run "
            "'tools/bazel sync --configure' and build again; on a worker of --config=remote, give workers and clients "
            "the same image (docs/remote_execution.md)"
        )
