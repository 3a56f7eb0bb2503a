"""Functions of a module: which core runs them, how they are linked, and who may call whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Operation

from ptodsl import dialect as pto
from tools.ptoas.diagnostics import OperationError, wrong

KERNEL_KIND = "pto.kernel_kind"
"""Attribute of a function: the core that runs it."""

ENTRY = "pto.entry"
"""Attribute of a function that the host launches; there may be several."""

VISIBILITY = "pto.visibility"
"""Attribute of a function that is no entry: who may call it."""

EXTERNAL = "external"
"""Visibility of a function with C linkage, so that other C++ can call it."""

VISIBILITIES = (EXTERNAL, "internal", "private", "public")
"""Values of `pto.visibility`; only `external` changes what is printed."""


def functions_of(module: ModuleOp) -> list[FuncOp]:
    """The functions of a module that have a body."""
    return [op for op in module.body.block.ops if isinstance(op, FuncOp) and not op.is_declaration]


def is_entry(function: FuncOp) -> bool:
    """Whether the host launches the function."""
    return ENTRY in function.attributes


def has_c_linkage(function: FuncOp) -> bool:
    """Whether C++ of other files knows the function: entries, what is visible to them, and what they define."""
    visibility = function.attributes.get(VISIBILITY)
    return is_entry(function) or function.is_declaration or visibility == StringAttr(EXTERNAL)


def callee_name(call: CallOp) -> str:
    """Symbol of the function that is called."""
    return call.callee.root_reference.data


def kernel_kind(function: FuncOp) -> pto.KernelKind | None:
    """The core that a function runs on: what it says, else that of its tiles if all are on one core.

    A function with sections says it there.
    """
    attribute = function.attributes.get(KERNEL_KIND)
    if isinstance(attribute, pto.KernelKindAttr):
        return attribute.data
    cores = set()
    for op in function.body.walk():
        if isinstance(op, pto.SectionOp):
            return None
        if isinstance(op, pto.AllocationOp):
            cores.add(core_of_tile(op))
    return cores.pop() if len(cores) == 1 else None


def section_kind(section: pto.SectionOp) -> pto.KernelKind:
    """The core that executes a section."""
    return pto.KernelKind.CUBE if isinstance(section, pto.SectionCubeOp) else pto.KernelKind.VECTOR


def core_of(op: Operation) -> pto.KernelKind | None:
    """The core that executes an operation: that of the section or of the function around it, if it says so."""
    current = op.parent_op()
    while current is not None and not isinstance(current, pto.SectionOp | FuncOp):
        current = current.parent_op()
    match current:
        case pto.SectionOp():
            return section_kind(current)
        case FuncOp():
            return kernel_kind(current)
        case _:
            return None


def core_of_tile(op: pto.AllocationOp) -> pto.KernelKind:
    """The core that has the tile's buffer."""
    return pto.KernelKind.VECTOR if op.tile_type.loc is pto.Loc.VEC else pto.KernelKind.CUBE


def verify_functions(module: ModuleOp) -> Iterator[OperationError]:
    """Violations of what concerns names, entries and calls, in the order of the module."""
    functions: dict[str, FuncOp] = {}
    for function in module.body.block.ops:
        if not isinstance(function, FuncOp):
            yield wrong(function, "a module of pto holds functions only")
            continue
        name = function.sym_name.data
        if name in functions:
            yield wrong(function, f"there is a function @{name} already")
        functions.setdefault(name, function)
        yield from _verify_attributes(function)
    for function in functions.values():
        yield from _verify_calls(function, functions)


def _verify_attributes(function: FuncOp) -> Iterator[OperationError]:
    name = function.sym_name.data
    if is_entry(function):
        if function.function_type.outputs.data:
            yield wrong(function, f"entry functions must return void, but @{name} does not")
        if function.is_declaration:
            yield wrong(function, f"the entry @{name} has no body")
    visibility = function.attributes.get(VISIBILITY)
    if visibility is not None and visibility not in [StringAttr(known) for known in VISIBILITIES]:
        known = ", ".join(f'"{value}"' for value in VISIBILITIES)
        yield wrong(function, f"{VISIBILITY} must be one of {known}, not {visibility}")


def _verify_calls(function: FuncOp, functions: Mapping[str, FuncOp]) -> Iterator[OperationError]:
    for op in function.body.walk():
        if not isinstance(op, CallOp) or (callee := functions.get(callee_name(op))) is None:
            continue
        if way := _way(callee, function, functions):
            names = " calls ".join(f"@{name}" for name in (function.sym_name.data, *way))
            yield wrong(op, f"{names}, but the device has no recursion")
        elif is_entry(callee):
            yield wrong(op, f"@{callee.sym_name.data} is an entry, which only the host launches")


def _way(start: FuncOp, goal: FuncOp, functions: Mapping[str, FuncOp]) -> Sequence[str]:
    """Names of functions from `start` to `goal` of which each calls the next one; empty if there is no way."""
    came_from: dict[str, str | None] = {start.sym_name.data: None}
    # Breadth first, so that the message shows the shortest way.
    todo = [start]
    while todo:
        current = todo.pop(0)
        if current is goal:
            way = [current.sym_name.data]
            while (before := came_from[way[0]]) is not None:
                way.insert(0, before)
            return way
        for op in current.body.walk():
            if isinstance(op, CallOp) and (name := callee_name(op)) in functions and name not in came_from:
                came_from[name] = current.sym_name.data
                todo.append(functions[name])
    return []


def together(module: ModuleOp, pairs: Iterable[Iterable[FuncOp]]) -> Mapping[FuncOp, FuncOp]:
    """One of the functions that may be in one launch with it, the same one for all of them, by function.

    That are callers and callees, and those that `pairs` say, such as the two ends of a FIFO.
    """
    # Disjoint sets: every function points towards the leader of its set.
    leader = {op: op for op in module.body.block.ops if isinstance(op, FuncOp)}
    functions = {function.sym_name.data: function for function in leader}

    def find(function: FuncOp) -> FuncOp:
        while leader[function] is not function:
            function = leader[function]
        return function

    def join(group: Iterable[FuncOp]) -> None:
        first, *others = map(find, group)
        for other in others:
            leader[find(other)] = find(first)

    for function in list(leader):
        calls = (functions.get(callee_name(op)) for op in function.walk() if isinstance(op, CallOp))
        join([function, *(callee for callee in calls if callee is not None)])
    for pair in pairs:
        join(pair)
    return {function: find(function) for function in leader}
