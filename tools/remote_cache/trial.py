"""One build with a cache, judged: right, ended by a clear error, or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.remote_cache.server import CacheServer
from tools.team.checkout import CACHE_HIT, BazelRun, Checkout, differences
from tools.team.steps import expect

READ_WRITE = "--config=remote_cache"
READ_ONLY = "--config=remote_cache_ro"

MAX_ERROR_CHARACTERS = 160

RIGHT = "right"
"""Start of the verdict of a build that succeeded with the right artifacts."""


@dataclass(frozen=True)
class Trial:
    """What all scenarios share."""

    checkout: Checkout
    server: CacheServer
    full_store: Path
    """A store in which everything is a hit."""
    targets: tuple[str, ...]
    reference: Mapping[str, str]
    """Digests of all outputs as a local build makes them."""

    def build(self, config: str, url: str, *more: str) -> BazelRun:
        """Builds the targets from nothing with the cache at `url`."""
        self.checkout.clean()
        return self.checkout.bazel("build", config, f"--remote_cache={url}", *more, *self.targets)

    def verdict(self, run: BazelRun) -> str:
        """Says how the build ended. Raises CheckFailed for a wrong artifact, or an end without an error message."""
        made = self.checkout.output_digests()
        known = {name: digest for name, digest in made.items() if name in self.reference}
        wrong = differences({name: self.reference[name] for name in known}, known)
        expect(not wrong, f"WRONG ARTIFACTS: {'; '.join(wrong[:5])}")
        stray = f", {len(made) - len(known)} files of no action" if len(made) > len(known) else ""
        timing = f"{run.seconds:.0f} s{stray}"
        if run.status == 0:
            hits = run.processes().get(CACHE_HIT, 0)
            own = sum(run.other_than(CACHE_HIT).values())
            return f"{RIGHT} ({hits} hits, {own} executed here, {timing})"
        errors = [line for line in run.log.splitlines() if line.startswith("ERROR: ")]
        expect(bool(errors), f"ended with {run.status} and no error message:\n{run.last_lines()}")
        return f"clear error, exit status {run.status}, {timing}: {errors[0][:MAX_ERROR_CHARACTERS]}"


def must_be_right(verdict: str) -> str:
    """The verdict, if the build succeeded. Raises CheckFailed."""
    expect(verdict.startswith(RIGHT), f"the build should have gone on without the cache: {verdict}")
    return verdict
