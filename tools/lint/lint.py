"""Runs one checker on all sources of the workspace: `lint.py ruff|mypy|clang-format|buildifier|imports`.

As a test it sees the sources that the test lists as data. `lint.py fix` (tools/bazel run //:format) formats the work
tree instead, all files that git knows or would add.
"""

import os
import subprocess
import sys
from pathlib import Path

import clang_format

from tools.lint.rooms import circles, upward_imports

ROOT = Path(__file__).parents[2]
CPP_SUFFIXES = {".cpp", ".hpp", ".h"}
RUFF = [sys.executable, "-m", "ruff"]
CLANG_FORMAT = Path(clang_format.__file__).parent / "data" / "bin" / "clang-format"
BUILDIFIER = ROOT.parent / "buildifier" / "buildifier"
NO_BUILDIFIER = BUILDIFIER.with_name("problem.txt")
"""There instead, with the reason: see third_party/npm/buildifier.bzl."""


def sources_of_test() -> list[Path]:
    """All files of the workspace in this test's runfiles, relative to ROOT."""
    return sorted(path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())


def sources_of_work_tree(root: Path) -> list[Path]:
    """All files under `root` that git tracks or does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return [path for path in (root / name for name in listing.splitlines()) if path.is_file()]


def python_files(files: list[Path]) -> list[str]:
    """The Python sources among `files`."""
    return [str(path) for path in files if path.suffix == ".py"]


def cpp_files(files: list[Path]) -> list[str]:
    """The C++ sources among `files`, without those kept as test data (what a tool printed is not ours to format)."""
    return [str(path) for path in files if path.suffix in CPP_SUFFIXES and "testdata" not in path.parts]


def starlark_files(files: list[Path]) -> list[str]:
    """The files among `files` that Bazel reads."""
    return [str(path) for path in files if path.suffix in {".bazel", ".bzl"} or path.name == "WORKSPACE"]


def run_all(commands: list[list[str]]) -> int:
    """Runs every command at the workspace root, so that all findings are seen at once; 1 when any failed."""
    return int(any([subprocess.run(command, cwd=ROOT, check=False).returncode != 0 for command in commands]))


def check_ruff() -> int:
    """Rules and format of all Python sources."""
    files = python_files(sources_of_test())
    options = ["--no-cache", f"--config={ROOT / 'pyproject.toml'}"]
    return run_all([[*RUFF, "check", *options, *files], [*RUFF, "format", "--diff", *options, *files]])


def check_mypy() -> int:
    """Types of all Python sources."""
    options = [f"--config-file={ROOT / 'pyproject.toml'}", "--cache-dir=/dev/null"]
    return run_all([[sys.executable, "-m", "mypy", *options, *python_files(sources_of_test())]])


def check_clang_format() -> int:
    """Format of all C++ sources; prints the names of those that differ."""
    status = 0
    for name in cpp_files(sources_of_test()):
        formatted = subprocess.run([CLANG_FORMAT, name], cwd=ROOT, check=True, capture_output=True).stdout
        if formatted != (ROOT / name).read_bytes():
            print(f"{name} is not formatted")
            status = 1
    return status


def check_buildifier() -> int:
    """Format and warnings of all Starlark files; nothing where there is no npm."""
    if NO_BUILDIFIER.exists():
        problem = NO_BUILDIFIER.read_text(encoding="utf-8")
        print(problem)
        return int(problem.startswith("error"))
    options = ["--mode=diff", "--lint=warn"]
    return run_all([[str(BUILDIFIER), *options, *starlark_files(sources_of_test())]])


def check_imports() -> int:
    """Which room imports which."""
    files = {path: path.read_text(encoding="utf-8") for path in map(Path, python_files(sources_of_test()))}
    problems = [*upward_imports(files), *circles(files)]
    for problem in problems:
        print(problem)
    if problems:
        print("Rooms import only those that stand before them in tools/lint/rooms.py, and no file in a circle.")
    return int(bool(problems))


def fix() -> int:
    """Formats the work tree that `bazel run` was called in."""
    root = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", os.getcwd()))
    files = sources_of_work_tree(root)
    options = ["--no-cache", f"--config={root / 'pyproject.toml'}"]
    commands = [
        [*RUFF, "check", "--fix", "--quiet", *options, *python_files(files)],
        [*RUFF, "format", *options, *python_files(files)],
        [str(CLANG_FORMAT), "-i", *cpp_files(files)],
    ]
    if BUILDIFIER.exists():
        commands.append([str(BUILDIFIER), "--lint=fix", *starlark_files(files)])
    return run_all(commands)


EXIT_USAGE = 2

CHECKERS = {
    "buildifier": check_buildifier,
    "clang-format": check_clang_format,
    "mypy": check_mypy,
    "ruff": check_ruff,
    "imports": check_imports,
}


def main(arguments: list[str]) -> int:
    """Exit status of the checker named on the command line."""
    if arguments == ["fix"]:
        return fix()
    if len(arguments) != 1 or arguments[0] not in CHECKERS:
        given = " ".join(arguments) or "nothing"
        print(f"error: one of {', '.join(CHECKERS)}, fix is expected, {given} was given", file=sys.stderr)
        return EXIT_USAGE
    (checker,) = arguments
    status = CHECKERS[checker]()
    if status != 0:
        print("To repair what can be repaired: tools/bazel run //:format", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
