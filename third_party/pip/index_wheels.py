"""Prints the BUILD file for a directory of wheels: one wheel_library each, with its requirements as deps.

Run by the repository rule with an interpreter that has pip (its copy of `packaging` evaluates the markers).
"""

import email.parser
import sys
import zipfile
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

HEADER = """load("@ascend_fa//third_party/pip:wheel_library.bzl", "wheel_library")

package(default_visibility = ["//visibility:public"])
"""

RULE = """
wheel_library(
    name = "{name}",
    wheel = "{wheel}",
    deps = [{deps}],
)
"""


def read_requirements(wheel: Path) -> tuple[str, list[str]]:
    """Name of a wheel's distribution and the names that it requires on this interpreter (without extras)."""
    with zipfile.ZipFile(wheel) as archive:
        path = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.parser.Parser().parsestr(archive.read(path).decode("utf-8"))
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    needed = {canonicalize_name(r.name) for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})}
    return canonicalize_name(metadata["Name"]), sorted(needed)


def main(directory: str) -> None:
    """Prints the BUILD file for the wheels in `directory`, which is relative to the BUILD file."""
    wheels = sorted(Path(directory).glob("*.whl"))
    distributions = {name: (wheel, needed) for wheel in wheels for name, needed in [read_requirements(wheel)]}
    print(HEADER, end="")
    for name, (wheel, needed) in sorted(distributions.items()):
        missing = [other for other in needed if other not in distributions]
        if missing:
            sys.exit(f"{name} requires {', '.join(missing)}, which the lock file lacks; lock again")
        print(RULE.format(name=name, wheel=wheel, deps=", ".join(f'":{other}"' for other in needed)), end="")


if __name__ == "__main__":
    main(sys.argv[1])
