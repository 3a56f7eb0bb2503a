"""Runs a Bazel cache on the loopback interface until Ctrl-C: `tools/remote_cache/serve --directory=DIR --port=9090`.

Builds use it with `--config=remote_cache` (read and write) or `--config=remote_cache_ro` (read).
"""

from __future__ import annotations

import argparse
import os
import sys

from tools.remote_cache.server import CacheServer
from tools.team.arguments import directory, unused_port
from tools.team.packages import MissingProgram

DEFAULT_PORT = "9090"
"""The port in .bazelrc."""

DEFAULT_DIRECTORY = "~/.cache/ascend_fa_remote_cache"

EXIT_USAGE = 2


def main(arguments: list[str]) -> int:
    """Becomes nginx; returns only if there is none."""
    parser = argparse.ArgumentParser(
        "tools/remote_cache/serve", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--directory", type=directory, default=DEFAULT_DIRECTORY, help="where everything is kept (%(default)s)"
    )
    parser.add_argument("--port", type=unused_port, default=DEFAULT_PORT, help="port on 127.0.0.1 (%(default)s)")
    options = parser.parse_args(arguments)
    server = CacheServer(options.directory, options.port)
    server.configure()
    try:
        command = server.command()
    except MissingProgram as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    print(f"{server.url} serves {server.directory} ({server.describe_store()}); Ctrl-C ends it", flush=True)
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
