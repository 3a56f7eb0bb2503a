"""Runs a server for Bazel on the loopback interface until Ctrl-C.

proofs/serve cache --directory=DIR --port=9090      for --config=remote_cache and --config=remote_cache_ro
proofs/serve engine --jobs=8                        for --config=remote
"""

from __future__ import annotations

import argparse
import os
import sys

from proofs.engine import EngineError, engine_command, engine_environment, install, require_system
from proofs.harness.arguments import directory, positive, unused_port
from proofs.harness.packages import MissingProgram
from proofs.nginx import CacheServer

CACHE_PORT, ENGINE_PORT = "9090", "8980"
"""The ports in .bazelrc."""

CACHE_DIRECTORY, ENGINE_DIRECTORY = "~/.cache/ascend_fa_remote_cache", "~/.cache/ascend_fa_remote_exec"

EXIT_USAGE = 2


def serve_cache(options: argparse.Namespace) -> None:
    """Becomes nginx. Raises MissingProgram."""
    server = CacheServer(options.directory, options.port)
    server.configure()
    command = server.command()
    print(f"{server.url} serves {server.directory} ({server.describe_store()}); Ctrl-C ends it", flush=True)
    os.execv(command[0], command)


def serve_engine(options: argparse.Namespace) -> None:
    """Becomes the engine. Raises EngineError, MissingProgram."""
    require_system(os.geteuid())
    programs = install(options.directory / "programs")
    store = options.directory / "store"
    store.mkdir(parents=True, exist_ok=True)
    command = engine_command(programs, store, options.port, options.jobs)
    print(f"grpc://127.0.0.1:{options.port} executes with {options.jobs} jobs; Ctrl-C ends it", flush=True)
    os.execve(command[0], command, engine_environment(programs))


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line; `serve` of the result is what to do with it."""
    parser = argparse.ArgumentParser(
        "proofs/serve", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(required=True, metavar="cache|engine")
    cache, engine = kinds.add_parser("cache"), kinds.add_parser("engine")
    for kind, serve, port, place in (
        (cache, serve_cache, CACHE_PORT, CACHE_DIRECTORY),
        (engine, serve_engine, ENGINE_PORT, ENGINE_DIRECTORY),
    ):
        kind.set_defaults(serve=serve)
        kind.add_argument("--directory", type=directory, default=place, help="where everything is kept (%(default)s)")
        kind.add_argument("--port", type=unused_port, default=port, help="port on 127.0.0.1 (%(default)s)")
    engine.add_argument("--jobs", type=positive, default=os.cpu_count(), help="actions at the same time (%(default)s)")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Becomes the server; returns only if there is none."""
    options = parse(arguments)
    try:
        options.serve(options)
    except (EngineError, MissingProgram) as error:
        print(error, file=sys.stderr)
    return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
