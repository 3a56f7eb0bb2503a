"""What one machine can show of another one: the same programs under another user id and host name."""

from __future__ import annotations

import subprocess

from proofs.harness.packages import found_program

OTHER_USER = 4711
"""A user and a group that no machine has."""

OTHER_HOST = "another-machine"

_NAMED = f'hostname {OTHER_HOST} && exec "$@"'


def other_machine() -> tuple[str, ...]:
    """Start of a command line under which the rest runs as another user on another host; () where that is forbidden.

    Namespaces of Linux do it, and no privilege is needed; files keep their owner.
    """
    unshare = found_program("unshare")
    if unshare is None:
        return ()
    # As root of a namespace first, since only root may set its host name; within it as the other user.
    host = (unshare, "--user", "--map-root-user", "--uts", "sh", "-c", _NAMED, "sh")
    user = (unshare, "--user", f"--map-user={OTHER_USER}", f"--map-group={OTHER_USER}")
    works = subprocess.run([*host, *user, "true"], check=False, capture_output=True).returncode == 0
    return (*host, *user) if works else ()
