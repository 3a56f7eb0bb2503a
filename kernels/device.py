"""Tell what programs for the device find on this machine: torch, torch_npu, devices. For a report of what went wrong.

    tools/bazel run --config=npu //flash_atten:device

Prints one JSON object; exit code 1 if the device cannot be used, with the reason in it.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from typing import Any

from cli.program import EXIT_FAILED, run
from kernels.library import LibraryError
from kernels.npu import device_cube_cores, import_torch_npu

DISTRIBUTIONS = ("torch", "torch-npu", "numpy")
"""What has to fit together."""


def distributions() -> dict[str, str]:
    """Return version and place of each distribution, without importing it: an import may fail."""
    found = {}
    for name in DISTRIBUTIONS:
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not there"
        else:
            found[name] = f"{distribution.version} in {distribution.locate_file('')}"
    return found


def devices(torch: Any) -> list[dict[str, Any]]:
    """Return name and cube cores of each device. Raises LibraryError if torch_npu does not tell the cores."""
    return [
        {
            "device": f"npu:{index}",
            "name": str(torch.npu.get_device_name(index)),
            "cube_cores": device_cube_cores(torch, f"npu:{index}", None),
        }
        for index in range(torch.npu.device_count())
    ]


def report() -> dict[str, Any]:
    """Return what there is, as JSON values; `problem` says why the device cannot be used, "" if it can."""
    found: dict[str, Any] = {
        "python": f"{platform.python_version()} {sys.executable}",
        "distributions": distributions(),
        "devices": [],
        "problem": "",
    }
    try:
        found["devices"] = devices(import_torch_npu())
    except LibraryError as error:
        found["problem"] = str(error)
    return found


def work(_options: None) -> int:
    """Print the report."""
    found = report()
    print(json.dumps(found, indent=2))
    return EXIT_FAILED if found["problem"] else 0


if __name__ == "__main__":
    run(lambda: None, work)
