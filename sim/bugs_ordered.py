"""Modules that nothing orders unless the assembler's pass does; and modules of which the numbers are compared."""

from __future__ import annotations

from dataclasses import replace

from sim.bugs_case import Case, Check
from sim.bugs_modules import (
    ALLOC,
    EXP,
    FILL,
    LOAD,
    ONE,
    PART,
    PEEK,
    PUSH,
    PUT,
    STORE,
    TILES,
    VIEWS,
    entry,
    fifo,
    module,
    once,
    section,
    vector,
)

J, N = Check.JUDGE, Check.NUMBERS

_USE = f"{PEEK}\npto.tadds ins(%a, %l : !t, f32) outs(%c : !t)"
_SLICE = (
    "%vz = pto.make_tensor_view %z, shape = [%c16, %c64], strides = [%c64, %c1] : !v\n"
    "%gz = pto.partition_view %vz, offsets = [%c0, %c0], sizes = [%c16, %c64] : !v -> !s\n"
)
_CHOSEN = (
    "%cast = arith.index_cast %n : i64 to index\n%any = arith.cmpi sgt, %cast, %c0 : index\n"
    "%z = arith.select %any, %y, %x : !pto.ptr<f32>\n" + _SLICE
)

_SYNCHRONISED = (
    vector("load, compute, store", J, "RAW", f"{LOAD}\n{EXP}\n{STORE}"),
    vector(
        "load through a selected pointer",
        J,
        "RAW TSTORE -> TLOAD",
        f"{_CHOSEN}{LOAD}\n{EXP}\n{STORE}\npto.tload ins(%gz : !s) outs(%c : !t)",
    ),
    vector(
        "load through a pointer that a loop carries",
        J,
        "RAW TSTORE -> TLOAD",
        f"{LOAD}\n{EXP}\n%last = scf.for %i = %c0 to %c2 step %c1 iter_args(%z = %x) -> (!pto.ptr<f32>) {{\n"
        f"{_SLICE}pto.tload ins(%gz : !s) outs(%c : !t)\n{STORE}\nscf.yield %y : !pto.ptr<f32>\n}}",
    ),
    vector(
        "load through a pointer of a branch",
        J,
        "RAW TSTORE -> TLOAD",
        f"{LOAD}\n{EXP}\n{STORE}\n%cast = arith.index_cast %n : i64 to index\n"
        "%any = arith.cmpi sgt, %cast, %c0 : index\n%z = scf.if %any -> (!pto.ptr<f32>) {\n"
        "scf.yield %y : !pto.ptr<f32>\n} else {\nscf.yield %x : !pto.ptr<f32>\n}\n"
        f"{_SLICE}pto.tload ins(%gz : !s) outs(%c : !t)",
    ),
    vector(
        "load to a tile that a loop carries",
        J,
        "WAR TEXP -> TLOAD",
        f"{LOAD}\npto.tload ins(%gx : !s) outs(%c : !t)\n"
        "%u, %w = scf.for %i = %c0 to %c4 step %c1 iter_args(%p = %a, %q = %c) -> (!t, !t) {\n"
        "pto.texp ins(%p : !t) outs(%b : !t)\npto.tload ins(%gx : !s) outs(%p : !t)\nscf.yield %q, %p : !t, !t\n}\n"
        "pto.texp ins(%u : !t) outs(%b : !t)",
    ),
    vector("scalar read of what is stored", J, "RAW TSTORE -> load_scalar", f"{LOAD}\n{EXP}\n{STORE}\n{_USE}"),
    vector("store over what a scalar reads", J, "WAR load_scalar -> TSTORE", f"{LOAD}\n{EXP}\n{_USE}\n{STORE}"),
    module(
        "tile stored in one section, loaded in the next",
        J,
        "RAW TSTORE -> TLOAD",
        entry(
            section(once(f"{TILES}\n{VIEWS}\n{LOAD}\n{EXP}\n{STORE}"))
            + "\n"
            + section(once(f"{TILES}\n{VIEWS}\npto.tload ins(%gy : !s) outs(%c : !t)"))
        ),
    ),
    fifo(
        "own FIFO entry loaded back, by the pass",
        J,
        "RAW TSTORE -> TLOAD",
        produce=f"{FILL}\n{ALLOC}\n{PART}\n{PUT}\n%back = pto.alloc_tile : !h\n"
        f"pto.tload ins(%part : !entry_s) outs(%back : !h)\n{PUSH}",
    ),
    vector(
        "loop not carried, by the pass",
        J,
        "WAR TEXP -> TLOAD",
        f"scf.for %i = %c0 to %c4 step %c1 {{\n{LOAD}\n{EXP}\n{STORE}\n}}",
    ),
    vector(
        "scratch of the device library, by the pass",
        J,
        "WAW TROWEXPANDSUB -> TROWEXPANDSUB",
        f"%w = pto.alloc_tile : !t\n{LOAD}\npto.trowmax ins(%a, %b : !t, !t) outs(%r : !r)\n"
        "pto.trowexpandsub ins(%a, %r : !t, !r) outs(%c : !t)\npto.trowexpandsub ins(%a, %r : !t, !r) outs(%w : !t)",
    ),
)

UNORDERED = tuple(replace(case, unordered=True) for case in _SYNCHRONISED)
"""The faulty kernel is assembled without --enable-insert-sync."""


def _numbers(name: str, body: str, *computes: float) -> Case:
    text = entry(section(once(body)))
    return replace(module(name, N, "instead of", text), computes=computes)


_STORES = (
    "pto.store_scalar %first, %y[%c0] : !pto.ptr<f32>, f32\npto.store_scalar %second, %y[%c1] : !pto.ptr<f32>, f32"
)
_NAN = "%zero_f = arith.constant 0.0 : f32\n%nan = arith.divf %zero_f, %zero_f : f32"

NUMBERS = (
    _numbers(
        "minus zero is zero",
        "%first = arith.constant 0.0 : f32\n-%second = arith.constant 0.0 : f32\n+%second = arith.constant -0.0 : f32\n"
        + _STORES,
        0.0,
        -0.0,
    ),
    _numbers(
        "minimum drops a NaN",
        f"{_NAN}\n{ONE}\n%first = arith.minnumf %nan, %one : f32\n"
        "-%second = arith.minnumf %nan, %one : f32\n+%second = arith.minimumf %nan, %one : f32\n" + _STORES,
        1.0,
        float("nan"),
    ),
    _numbers(
        "NaN equals itself",
        f"{_NAN}\n{ONE}\n-%differs = arith.cmpf one, %nan, %nan : f32\n+%differs = arith.cmpf une, %nan, %nan : f32\n"
        "%first = arith.select %differs, %one, %zero_f : f32\n%second = arith.addf %one, %one : f32\n" + _STORES,
        1.0,
        2.0,
    ),
)
"""The text differs in what it means, not in what is ordered."""
