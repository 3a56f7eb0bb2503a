"""The rooms of the workspace and the direction of imports: a room imports itself and rooms that stand before it.

`lint.py imports` checks it, and that no two files import each other in a circle.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOMS = (
    "third_party",
    "tools.pytest",
    "tools.lint",
    "isa",
    "cli",
    "tracing",
    "tools.bisheng",
    "ptodsl.dialect",
    "runtime",
    "ptodsl",
    "tools.ptoas",
    "kernels",
    "ptodsl.examples",
    "flash_atten",
    "patchers",
    "sim",
    "jit",
    "bench",
    "proofs",
    "tools",
)
"""In the order in which they may import; CONTRIBUTING.md says what each is for. A package inside another room is one of
its own if it stands here. `tools` is what is left of it: tests of what starts Bazel.
"""


def room_of(module: str) -> str | None:
    """Return the room of a module, the innermost one; None if it is none of ours."""
    inside = [room for room in ROOMS if module == room or module.startswith(room + ".")]
    return max(inside, key=len, default=None)


def module_of(path: Path) -> str:
    """Return the module of a file, which is given relative to the workspace."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(text: str, known: Iterable[str]) -> Iterator[tuple[str, int, bool]]:
    """Yield (module, line, whether it is imported when the file is) for each import of a `known` module of ours."""
    modules = set(known)
    tree = ast.parse(text)
    at_import = {id(node) for node in _executed(tree.body)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules else node.module for name in inner]
        else:
            continue
        for name in names:
            if room_of(name) is not None:
                yield name, node.lineno, id(node) in at_import


def _executed(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _executed(node.orelse)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _executed(node.body)


def upward_imports(files: Mapping[Path, str]) -> list[str]:
    """Return a line for each import of a room that stands behind the file's; `files` are texts by path."""
    known = [module_of(path) for path in files]
    problems = []
    for path, text in files.items():
        own = room_of(module_of(path))
        if own is None:
            continue
        for module, line, _ in imports_of(text, known):
            room = room_of(module)
            if room is not None and ROOMS.index(room) > ROOMS.index(own):
                problems.append(f"{path}:{line}: {own} imports {module}, but {room} stands behind it")
    return list(dict.fromkeys(problems))


def circles(files: Mapping[Path, str]) -> list[str]:
    """Return a line for each circle of files that import each other when they are imported."""
    modules = {module_of(path): path for path in files}
    graph = {}
    for module, path in modules.items():
        names = {name for name, _, now in imports_of(files[path], modules) if now and name in modules}
        graph[module] = sorted(names - {module})
    found: list[str] = []
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        if module in way:
            found.append(" -> ".join((*way[way.index(module) :], module)))
        elif module not in done:
            for name in graph[module]:
                visit(name, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())
    return found
