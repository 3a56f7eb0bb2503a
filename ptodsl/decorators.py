"""The decorators of pto-dsl: `@to_ir_module(meta_data=...)` and `@pto.func`.

Parameter annotations are types, or strings that name an entry of `meta_data` or are expressions over it. While a
decorated function is traced, the entries of `meta_data` are visible to it as global names, as kernels written for
pto-dsl expect; afterwards its globals are as before. `ModuleBuilder` needs none of this.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, overload

from xdsl.ir import Attribute

from ptodsl.errors import DslError, fail
from ptodsl.locations import SourceLine, user_line
from ptodsl.module import Function, ModuleBuilder
from ptodsl.printing import IrModule

_MISSING = object()

_MODULE: ContextVar[tuple[ModuleBuilder, Mapping[str, Any]] | None] = ContextVar("ptodsl_module", default=None)


@overload
def to_ir_module(function: Callable[..., object]) -> IrModule: ...


@overload
def to_ir_module(
    *, meta_data: Callable[[], Mapping[str, Any]] | None = None, module: bool = False
) -> Callable[[Callable[..., object]], IrModule]: ...


def to_ir_module(
    function: Callable[..., object] | None = None,
    *,
    meta_data: Callable[[], Mapping[str, Any]] | None = None,
    module: bool = False,
) -> IrModule | Callable[[Callable[..., object]], IrModule]:
    """Replace the decorated function by the module that it describes: `@to_ir_module` or `@to_ir_module(...)`.

    Args:
        function: what is decorated, when there are no brackets.
        meta_data: returns the types (and other constants) that the function refers to by name.
        module: whether the function, which has no parameters, defines functions with `@pto.func`; otherwise it is
            itself the entry of a module of one function.
    """

    def decorate(function: Callable[..., object]) -> IrModule:
        names = {} if meta_data is None else _named(meta_data())
        builder = ModuleBuilder(_definition(function))
        token = _MODULE.set((builder, names))
        try:
            with _visible(function, names):
                if module:
                    function()
                else:
                    _trace(builder, names, function, None)
        finally:
            _MODULE.reset(token)
        return IrModule(builder.finish())

    return decorate if function is None else decorate(function)


@overload
def func(function: Callable[..., object]) -> Function: ...


@overload
def func(*, name: str | None = None, kernel: str | None = None) -> Callable[[Callable[..., object]], Function]: ...


def func(
    function: Callable[..., object] | None = None, *, name: str | None = None, kernel: str | None = None
) -> Function | Callable[[Callable[..., object]], Function]:
    """Add the decorated function to the module: `@pto.func(kernel="cube")`, `"vector"`, or `@pto.func` for the entry.

    `name` is its symbol, by default the function's own. The Python name then stands for it in `pto.call`.
    """
    state = _MODULE.get()
    if state is None:
        fail("@pto.func belongs in the body of a function decorated with @to_ir_module(..., module=True)")
    builder, names = state
    if function is None:
        return lambda decorated: _trace(builder, names, decorated, kernel, name)
    return _trace(builder, names, function, kernel, name)


def _named(names: object) -> Mapping[str, Any]:
    """Return what a meta_data has returned, checked."""
    if not isinstance(names, Mapping) or not all(isinstance(name, str) for name in names):
        fail(f"meta_data returns {names!r}; it must return a dictionary of names and what they stand for")
    return names


def _trace(
    builder: ModuleBuilder,
    names: Mapping[str, Any],
    function: Callable[..., object],
    kernel: str | None,
    name: str | None = None,
) -> Function:
    """Build `function` by calling it with its arguments."""
    parameters = {
        parameter.name: _parameter_type(function, parameter.name, parameter.annotation, names)
        for parameter in inspect.signature(function).parameters.values()
    }
    line = _definition(function)
    with builder.function(name or _symbol(function), parameters, kernel=kernel, line=line) as arguments:
        function(*arguments)
    return arguments.function


def _symbol(function: Callable[..., object]) -> str:
    return getattr(function, "__name__", "kernel")


def _parameter_type(
    function: Callable[..., object], name: str, annotation: object, names: Mapping[str, Any]
) -> Attribute:
    """Return the type that annotates the parameter `name`."""
    # A quoted name is a string in a string where the file has `from __future__ import annotations`.
    for _ in range(2):
        if isinstance(annotation, str):
            annotation = _evaluate(function, name, annotation, names)
    if not isinstance(annotation, Attribute):
        what = "has no annotation" if annotation is inspect.Parameter.empty else f"is annotated with {annotation!r}"
        rule = (
            f"parameter {name} of {_symbol(function)} {what}; annotate it with a type or the name of one in meta_data"
        )
        raise DslError(_definition(function), rule)
    return annotation


def _definition(function: Callable[..., object]) -> SourceLine:
    """Return where a function begins: with its decorators. Of what is no function, the user's current line."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return user_line() if code is None else SourceLine.of(code.co_filename, code.co_firstlineno)


def _evaluate(function: Callable[..., object], name: str, text: str, names: Mapping[str, Any]) -> object:
    """Return what the annotation `text` means: an entry of meta_data, or an expression in the function's globals."""
    if text in names:
        return names[text]
    try:
        return eval(text, {**getattr(function, "__globals__", {}), **names})
    # An annotation may be any expression, and raise anything.
    except Exception as error:
        known = ", ".join(names) or "none"
        rule = f"parameter {name} of {_symbol(function)}: {text!r} is neither in meta_data ({known}) nor a type"
        raise DslError(_definition(function), rule) from error


@contextmanager
def _visible(function: Callable[..., object], names: Mapping[str, Any]) -> Iterator[None]:
    """Show `names` as globals of the function's file for the body of a `with`, then restore what was there."""
    scope: dict[str, Any] = getattr(function, "__globals__", {})
    # A global may be None, so what was not there has a mark of its own.
    before = {name: scope.get(name, _MISSING) for name in names}
    scope.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is _MISSING:
                del scope[name]
            else:
                scope[name] = value
