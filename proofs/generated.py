"""Digests of the generated text of the shipped kernels: generated.sha256, which every machine must come to.

No part of the machine is in that text, not even the compiler, so the test compares each machine that runs it with the
one that wrote the file. `tools/bazel run //proofs:generated` writes the digests of the kernels as they are now;
`sha256sum --check` reads the file too, in bazel-bin.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path

from proofs.harness.checkout import differences, sha256

DIGESTS = "proofs/generated.sha256"

KERNELS = "flash_atten"

GENERATED = (".mlir", ".cpp", ".barriers.json")
"""Endings of what no compiler and no package of the machine has a part in: the same on all machines."""

HOW_TO_ACCEPT = f"""
If the DSL, a kernel, the assembler or the patcher was changed, read what moved in bazel-bin/flash_atten and accept it:
  tools/bazel run //:accept    (and commit {DIGESTS} and what else it wrote; //proofs:generated writes this alone)
If not, this machine makes something else of the same sources: proofs/check reproducible looks for the reason."""


def built_digests(root: Path) -> dict[str, str]:
    """Digests of the generated text of all kernels that lie under `root`, the runfiles, by path."""
    paths = (path for path in (root / KERNELS).glob("fa_*") if path.name.endswith(GENERATED))
    return {str(path.relative_to(root)): sha256(path) for path in sorted(paths)}


def read(text: str) -> dict[str, str]:
    """Digests by path, from the text of a file of sha256sum."""
    lines = (line.split("  ", 1) for line in text.splitlines())
    return {name: digest for digest, name in lines}


def dump(digests: Mapping[str, str]) -> str:
    """The text that `read` reads."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))


def difference(written: Mapping[str, str], built: Mapping[str, str]) -> str | None:
    """What moved from the written digests (first) to those of the built kernels, and what to do; None if nothing."""
    moved = differences(written, built)
    return "\n".join([f"other text is generated than {DIGESTS} says:", *moved, HOW_TO_ACCEPT]) if moved else None


def main(argv: Sequence[str] = ()) -> None:
    """Writes the digests of the built kernels to the work tree; there are no flags but --help."""
    ArgumentParser("tools/bazel run //proofs:generated", description=__doc__).parse_args(argv)
    workspace = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    built = built_digests(Path(__file__).parents[1])
    if workspace is None or not built:
        sys.exit("there are no built kernels here; start this with `tools/bazel run //proofs:generated`")
    (Path(workspace) / DIGESTS).write_text(dump(built), encoding="utf-8")
    print(f"wrote {DIGESTS} with the digests of {len(built)} files")


if __name__ == "__main__":
    main(sys.argv[1:])
