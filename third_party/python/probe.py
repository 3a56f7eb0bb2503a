"""Tells what a Python interpreter is; run by the repository rule host_python with each candidate.

Runs on any Python 3, so that one that is too old is described, not a syntax error. Prints one JSON object.
"""

import importlib.util
import json
import os
import sys


def base_interpreter() -> str:
    """The interpreter itself: not a shim (pyenv), and not a virtual environment (it may be deleted)."""
    name = "python{}.{}".format(*sys.version_info[:2])
    path = os.path.join(sys.base_prefix, "bin", name)
    return path if os.path.exists(path) else os.path.realpath(sys.executable)


print(
    json.dumps(
        {
            "path": base_interpreter(),
            "version": ".".join(str(part) for part in sys.version_info[:3]),
            "implementation": sys.implementation.name,
            "has_pip": importlib.util.find_spec("pip") is not None,
            "has_ensurepip": importlib.util.find_spec("ensurepip") is not None,
        }
    )
)
