"""What is in the key of a result: another compiler gets nothing that was compiled, and everything else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from proofs.harness.checkout import Checkout
from proofs.harness.profile import read_executed_actions
from proofs.harness.stand_ins import write_program
from proofs.harness.steps import expect
from proofs.nginx import CacheServer
from tools.bisheng.host_toolchain import HostToolchain

READ_WRITE = "--config=remote_cache"
READ_ONLY = "--config=remote_cache_ro"

COMPILES = "Compiling "
"""Start of the progress message of every action that runs the C++ compiler."""

FOLLOWS = ("Auditing ", "Releasing ")
"""The same of actions that read what was compiled."""

STAND_IN = """#!/bin/sh
if [ "$1" = --version ]; then echo "{version}"; exit 0; fi
exec {compiler} "$@"
"""


@dataclass(frozen=True)
class Trial:
    """A checkout that builds these targets with this cache."""

    checkout: Checkout
    server: CacheServer
    targets: tuple[str, ...]


Machine = Callable[[], Mapping[str, str]]
"""Makes a machine what it is; returns what its users have in their environment."""


def judge(before: Sequence[str], after: Sequence[str]) -> str:
    """Says that a build after a change of the machine compiled anew and did nothing else again. Raises CheckFailed.

    `before`: all actions of the build. `after`: those that were executed after the change, the others being hits.
    """
    compiled = [name for name in before if name.startswith(COMPILES)]
    expect(bool(compiled), f"the build compiles nothing: {'; '.join(before)}")
    shared = [name for name in compiled if name not in after]
    expect(not shared, f"what another machine's compiler made was taken from the cache: {'; '.join(shared)}")
    again = [name for name in after if not name.startswith((COMPILES, *FOLLOWS))]
    expect(not again, f"what no compiler has a part in was done again: {'; '.join(again)}")
    return (
        f"{len(compiled)} of {len(compiled)} compilations done again, {len(before) - len(after)} other results shared"
    )


def executed(trial: Trial, environment: Mapping[str, str], config: str) -> list[str]:
    """Builds from nothing as a user with `environment`; returns the actions that were no hits. Raises BuildError."""
    checkout = dataclasses.replace(trial.checkout, environment={**trial.checkout.environment, **environment})
    checkout.clean()
    checkout.build(config, f"--remote_cache={trial.server.url}", *trial.targets)
    return read_executed_actions(checkout.output_base)


def changed_machine(trial: Trial, first: Machine, second: Machine) -> str:
    """What a machine made is shared with its likes, but not with what it becomes. Raises CheckFailed."""
    with trial.server.running():
        before = executed(trial, first(), READ_WRITE)
        # First the same machine: without hits here a miss after the change would prove nothing.
        again = executed(trial, first(), READ_ONLY)
        expect(not again, f"the same machine did again: {'; '.join(again)}")
        return judge(before, executed(trial, second(), READ_ONLY))


def configured(trial: Trial) -> HostToolchain:
    """The toolchain that the checkout of the trial has found."""
    return HostToolchain.from_json(trial.checkout.toolchain_json())


def another_compiler(trial: Trial) -> str:
    """A compiler is replaced by another version at the same path, while Bazel's server is running."""
    real, path = configured(trial), trial.server.directory / "bin" / "g++"

    def installed(build: str) -> Mapping[str, str]:
        # It compiles as before and only says something else of itself: results could be shared but for the key.
        write_program(path, STAND_IN.format(version=f"{real.version} {build}", compiler=real.cxx))
        return {"CXX": str(path)}

    return changed_machine(trial, lambda: installed("first"), lambda: installed("second"))
