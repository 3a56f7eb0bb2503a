"""Digests of all outputs of a machine, with what they may depend on, as a file to compare with another machine's."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofs.generated import GENERATED
from proofs.harness.checkout import Checkout, differences, suffixes
from proofs.harness.steps import expect

SHOWN_DIFFERENCES = 10


class DigestsError(ValueError):
    """A file is not what `Digests.write` wrote; the text says what it is."""


@dataclass(frozen=True)
class Digests:
    """SHA-256 of every output by its path, and the tools of the machine, which are part of the key of some."""

    tools: Mapping[str, Any]
    outputs: Mapping[str, str]
    sources: str = ""
    """What they were made from; empty in files of before."""

    @classmethod
    def of(cls, checkout: Checkout) -> Digests:
        """What a checkout has built."""
        try:
            compiler = json.loads(checkout.toolchain_json())
        except FileNotFoundError:
            compiler = None  # none of the targets needed one
        python = (checkout.output_base / "external" / "host_python" / "defs.bzl").read_text(encoding="utf-8")
        return cls({"compiler": compiler, "python": python}, checkout.output_digests(), checkout.sources_digest())

    @classmethod
    def read(cls, path: Path) -> Digests:
        """Reads what `write` wrote. Raises DigestsError."""
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            return cls(dict(fields["tools"]), dict(fields["outputs"]), str(fields.get("sources", "")))
        except OSError as error:
            raise DigestsError(f"it cannot be read ({error.strerror})") from error
        except (KeyError, TypeError, ValueError) as error:
            raise DigestsError("it has no digests of a machine") from error

    def expect_sources(self, checkout: Checkout) -> str:
        """Says that a checkout has the files that these outputs were made from. Raises CheckFailed."""
        expect(self.sources == checkout.sources_digest(), "the file of --built is of other sources; write it again")
        return f"sources {self.sources[:12]}"

    def write(self, path: Path) -> None:
        """Writes a JSON file, the same for the same digests."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def digests_file(text: str) -> Digests:
    """Type of a command-line argument: a file that `Digests.write` wrote."""
    try:
        return Digests.read(Path(text).expanduser())
    except DigestsError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}; write the file with --json") from error


def compare_outputs(first: Mapping[str, str], second: Mapping[str, str]) -> str:
    """Says that two maps of digests are the same. Raises CheckFailed naming the differences."""
    different = differences(first, second)
    shown = "\n".join(different[:SHOWN_DIFFERENCES])
    expect(not different, f"{len(different)} of {len(first)} outputs differ:\n{shown}")
    return f"{len(first)} outputs are the same ({suffixes(first)})"


def generated(outputs: Mapping[str, str]) -> dict[str, str]:
    """The outputs that are the same on all machines, whatever their tools: by path below `bin`."""
    parts = ((name.partition("/bin/"), digest) for name, digest in outputs.items() if name.endswith(GENERATED))
    return {name: digest for (_, _, name), digest in parts if not name.startswith("external/")}


def compare_machines(theirs: Digests, ours: Digests) -> str:
    """Says that two machines made the same: everything, or generated text only if their compilers or Pythons differ.

    Raises CheckFailed.
    """
    if theirs.tools == ours.tools:
        return compare_outputs(theirs.outputs, ours.outputs)
    other = ", ".join(name for name in sorted(ours.tools) if theirs.tools.get(name) != ours.tools[name])
    return f"another {other} there, so generated text only: " + compare_outputs(
        generated(theirs.outputs), generated(ours.outputs)
    )
