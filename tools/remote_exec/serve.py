"""Runs a remote execution engine on the loopback interface until Ctrl-C: `tools/remote_exec/serve --jobs=8`.

Builds use it with `--config=remote`.
"""

from __future__ import annotations

import argparse
import os
import sys

from tools.remote_exec.engine import EngineError, engine_command, engine_environment, install, require_system
from tools.team.arguments import directory, positive, unused_port
from tools.team.packages import MissingProgram

DEFAULT_PORT = "8980"
"""The port in .bazelrc."""

DEFAULT_DIRECTORY = "~/.cache/ascend_fa_remote_exec"

EXIT_USAGE = 2


def main(arguments: list[str]) -> int:
    """Becomes the engine; returns only if there is none."""
    parser = argparse.ArgumentParser(
        "tools/remote_exec/serve", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--directory", type=directory, default=DEFAULT_DIRECTORY, help="programs and results (%(default)s)"
    )
    parser.add_argument("--port", type=unused_port, default=DEFAULT_PORT, help="port on 127.0.0.1 (%(default)s)")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count(), help="actions at the same time (%(default)s)")
    options = parser.parse_args(arguments)
    try:
        require_system(os.geteuid())
        programs = install(options.directory / "programs")
        environment = engine_environment(programs)
    except (EngineError, MissingProgram) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    store = options.directory / "store"
    store.mkdir(parents=True, exist_ok=True)
    command = engine_command(programs, store, options.port, options.jobs)
    print(f"grpc://127.0.0.1:{options.port} executes with {options.jobs} jobs; Ctrl-C ends it", flush=True)
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
