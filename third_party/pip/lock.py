"""Resolves requirements.in and rewrites requirements_lock.txt with the hashes of all files of each release.

pip-compile runs in a temporary virtual environment and uses pip's own settings. It takes a few minutes: indexes which
tell no hashes make it download every file.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

PIP_TOOLS = "pip-tools==7.6.2"
HEADER = "# Written by: tools/bazel run //third_party/pip:lock\n"


def main() -> None:
    """Writes the lock file into the workspace that `bazel run` was called in."""
    workspace = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if workspace is None:
        sys.exit("start this as: tools/bazel run //third_party/pip:lock")
    directory = Path(workspace) / "third_party" / "pip"
    # PYTHONPATH and the like lead to this program's packages, not to those of the new environment.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryDirectory() as scratch:
        venv.create(scratch, with_pip=True)
        subprocess.run([f"{scratch}/bin/pip", "install", "--quiet", PIP_TOOLS], check=True, env=clean)
        options = ["--generate-hashes", "--strip-extras", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
        command = [f"{scratch}/bin/pip-compile", "--quiet", *options, *sys.argv[1:]]
        command += ["--output-file=requirements_lock.txt", "requirements.in"]
        subprocess.run(command, check=True, env=clean, cwd=directory)
    lock = directory / "requirements_lock.txt"
    lock.write_text(HEADER + lock.read_text(encoding="utf-8").removeprefix(HEADER), encoding="utf-8")
    print(f"wrote {lock}")


if __name__ == "__main__":
    main()
