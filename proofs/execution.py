"""Proves that actions and tests that run on other machines give the same bytes, killed workers included.

    proofs/check execution                                            all targets
    proofs/check execution --targets=//flash_atten:fa_s1tile256       some
    proofs/check execution --built=digests.json                       `proofs/check sharing --json` has just built these
                                                                      targets here: that is not done again

Starts a real remote execution engine (BuildBox casd) on loopback. Exit status 0: every step is right; 1: one is not;
2: wrong usage.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from proofs.digests import Digests, digests_file
from proofs.engine import Engine, EngineError, install, require_system
from proofs.harness.arguments import directory, positive, targets
from proofs.harness.checkout import CACHE_HIT, REMOTE, Checkout, base_environment, differences, suffixes
from proofs.harness.packages import MissingProgram
from proofs.harness.ports import free_port
from proofs.harness.scratch import scratch_directory, unmount_below
from proofs.harness.stand_ins import write_program
from proofs.harness.steps import Steps, expect
from tools.bisheng.host_toolchain import HostToolchain

DEFAULT_TARGETS = "//..."
DEFAULT_FAULT_TARGETS = "//flash_atten:fa_s1tile256"

CONFIG = "--config=remote"

BUSY_S = 0.2
"""A worker that has been at work this long is killed: it is in the middle of its action."""

POLL_S = 0.02

SHOWN_CHARACTERS = 160

EXIT_USAGE = 2


@dataclass
class Bench:
    """A checkout that builds here, one that builds remotely, and the engine."""

    here: Checkout
    away: Checkout
    engine: Engine
    targets: tuple[str, ...]
    fault_targets: tuple[str, ...]
    reference: dict[str, str] = field(default_factory=dict)
    """Digests of what this machine makes alone; empty until it is known."""

    def remote(self) -> list[str]:
        """Options of a remote build."""
        return [CONFIG, f"--remote_executor={self.engine.url}"]

    def same(self, *, complete: bool = True) -> str:
        """Says that the remote outputs are those of the local build, all unless not `complete`. Raises CheckFailed."""
        made = self.away.output_digests()
        expected = self.reference if complete else {name: self.reference.get(name, "") for name in made}
        different = differences(expected, made)
        expect(not different, f"{len(different)} of {len(made)} outputs differ: {'; '.join(different[:5])}")
        return f"{len(made)} outputs are the same ({suffixes(made)})"


def build_here(bench: Bench) -> str:
    """The reference: everything built on this machine alone."""
    run = bench.here.build("--", *bench.targets)
    bench.reference = bench.here.output_digests()
    return f"{run.processes()}"


def build_away(bench: Bench) -> str:
    """Everything built and tested by the engine, nothing here."""
    bench.away.clean()
    # Without the fallback an action that cannot run there fails, instead of running here unseen.
    run = bench.away.test(*bench.remote(), "--noremote_local_fallback", "--", *bench.targets)
    local = run.other_than(REMOTE, CACHE_HIT)
    expect(not local, f"not everything ran remotely: {local}")
    expect(run.processes().get(REMOTE, 0) > 0, f"nothing ran remotely: {run.processes()}")
    return f"{run.processes()}, {run.seconds:.0f} s"


def repeat_away(bench: Bench) -> str:
    """The same again is answered by the engine's action cache."""
    bench.away.clean()
    run = bench.away.test(*bench.remote(), "--noremote_local_fallback", "--", *bench.targets)
    executed = run.other_than(CACHE_HIT)
    expect(not executed, f"executed again: {executed}")
    return f"{run.processes()}, {run.seconds:.0f} s"


def on_new_engine(bench: Bench, directory: Path, mounts: tuple[str, ...] = ()) -> Bench:
    """The bench with nothing built, and an engine that has nothing stored."""
    shutil.rmtree(directory, ignore_errors=True)
    bench.away.clean()
    engine = Engine(bench.engine.programs, directory / "engine", free_port(), bench.engine.jobs, mounts)
    return dataclasses.replace(bench, engine=engine)


def with_killed_worker(bench: Bench, directory: Path) -> str:
    """Builds on an engine one of whose workers is killed in the middle of its action, which is then done again."""
    trial = on_new_engine(bench, directory)
    engine, checkout = trial.engine, trial.away
    with engine.running(), checkout.running("build", *trial.remote(), "--", *trial.fault_targets) as build:
        kill_a_worker(engine, build.ended)
        run = build.finish().expect_success()
        local = run.other_than(REMOTE)
        # Actions may be done here only if the whole engine went down with its worker.
        expect(not (local and engine.alive()), f"the engine is there, but this was done here: {local}")
    # Not complete: only some of the targets were built.
    return f"{run.processes()}, {run.seconds:.0f} s; {trial.same(complete=False)}"


def kill_a_worker(engine: Engine, ended: Callable[[], bool]) -> None:
    """Kills a worker in the middle of its action. Raises CheckFailed if the build ends before there is one."""
    while True:
        try:
            return os.kill(busy_worker(engine, ended), signal.SIGKILL)
        except ProcessLookupError:
            continue  # that action has just ended


def busy_worker(engine: Engine, ended: Callable[[], bool]) -> int:
    """Waits until one and the same worker has been at work for BUSY_S. Raises CheckFailed if the build ends before."""
    since: dict[int, float] = {}
    while True:
        now = time.monotonic()
        # Workers that have ended drop out, so that a process id that comes again starts anew.
        since = {worker: since.get(worker, now) for worker in engine.workers()}
        for worker, start in since.items():
            if now - start > BUSY_S:
                return worker
        expect(not ended(), "the build ended before a worker was killed")
        time.sleep(POLL_S)


def with_another_compiler(bench: Bench, directory: Path) -> str:
    """Builds on workers whose image has another compiler where this machine has its own: refused, nothing is made."""
    compiler = directory / "g++"
    here = HostToolchain.from_json(bench.away.toolchain_json()).cxx
    # The file at the end of all links is replaced: by whatever name the compiler is called, it is this one.
    trial = on_new_engine(bench, directory, (f"{compiler}:{os.path.realpath(here)}",))
    write_program(compiler, "#!/bin/sh\necho g++ of another image\n")
    with trial.engine.running():
        run = trial.away.bazel("build", *trial.remote(), "--noremote_local_fallback", "--", *trial.fault_targets)
    refusals = [line for line in run.log.splitlines() if "is not what this workspace was configured with" in line]
    expect(run.status != 0 and bool(refusals), f"not refused, exit status {run.status}:\n{run.last_lines()}")
    compiled = [name for name, _ in trial.away.output_files() if name.endswith((".so", ".o"))]
    ours = [name for name in compiled if "/external/" not in name]
    expect(not ours, f"made in spite of it: {'; '.join(ours)}")
    return refusals[0][:SHOWN_CHARACTERS]


def check(bench: Bench, directory: Path, built: Digests | None = None) -> int:
    """All steps; returns the exit status. `built`: what this machine makes alone, if that is known."""
    steps = Steps()
    if built is not None:
        going = steps.run("--built is of these sources", lambda: built.expect_sources(bench.away))
    else:
        with bench.here:
            going = steps.run("everything built here", lambda: build_here(bench))
    with bench.away:
        if going:
            with bench.engine.running():
                going = steps.run("everything built and tested by the engine", lambda: build_away(bench))
                going = going and steps.run("outputs of both", bench.same)
                going = going and steps.run("again: all from the engine's action cache", lambda: repeat_away(bench))
        if going:
            steps.run("a worker is killed", lambda: with_killed_worker(bench, directory / "worker"))
            steps.run("workers have another compiler", lambda: with_another_compiler(bench, directory / "foreign"))
    return steps.finish()


def make_bench(directory: Path, programs: Path, options: argparse.Namespace) -> Bench:
    """Two checkouts and an engine that has nothing stored."""
    shutil.rmtree(directory / "engine", ignore_errors=True)
    return Bench(
        # Paths of different depth and another time zone: neither may get into an output.
        here=Checkout.create(directory / "here", directory / "out-here", base_environment()),
        away=Checkout.create(directory / "far/away", directory / "out-away", base_environment(TZ="Asia/Tokyo")),
        engine=Engine(programs, directory / "engine", free_port(), options.jobs),
        targets=options.targets,
        fault_targets=options.fault_targets,
        reference=dict(options.built.outputs) if options.built else {},
    )


def main(arguments: list[str]) -> int:
    """Exit status of the check."""
    parser = argparse.ArgumentParser(
        "proofs/check execution", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=targets, default=DEFAULT_TARGETS, help="separated by commas (%(default)s)")
    parser.add_argument(
        "--fault_targets", type=targets, default=DEFAULT_FAULT_TARGETS, help="built with each fault (%(default)s)"
    )
    parser.add_argument("--built", type=digests_file, help="digests of what this machine makes, if they are known")
    parser.add_argument("--jobs", type=positive, default=2, help="workers (%(default)s)")
    parser.add_argument("--directory", type=directory, help="keep everything here; default: a temporary directory")
    options = parser.parse_args(arguments)
    with scratch_directory("remote-exec-check-", options.directory) as place:
        unmount_below(place)  # of a run that was killed
        try:
            require_system(os.geteuid())
            programs = install(place / "programs")
        except (EngineError, MissingProgram) as error:
            print(error, file=sys.stderr)
            return EXIT_USAGE
        return check(make_bench(place, programs, options), place, options.built)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
