"""Tests of the pipeline skeleton: which stage works on which tile, in which order, with which ring slot.

The emitted code is interpreted; its stages record themselves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls
from xdsl.interpreters.arith import ArithFunctions
from xdsl.interpreters.func import FuncFunctions
from xdsl.interpreters.scf import ScfFunctions

from flash_atten.pipeline import Hook, Pipeline, Slot, Stages, dispatch_ring, run
from ptodsl import pto
from ptodsl.dialect import PrintOp
from ptodsl.module import ModuleBuilder
from ptodsl.values import Scalar


class Step(NamedTuple):
    """One call of a stage."""

    stage: str
    tile: int
    slot: int


@register_impls
class Recorder(InterpreterFunctions):
    """Runs `pto.print "stage:slot", %tile` by recording it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    @impl(PrintOp)
    def record(self, interpreter: Interpreter, op: PrintOp, args: tuple[Any, ...]) -> PythonValues:
        stage, slot = op.format.data.split(":")
        self.steps.append(Step(stage, args[0], int(slot)))
        return ()


def _hook(stage: str, slots: int) -> Hook:
    def hook(tile: Scalar, slot: Slot) -> None:
        dispatch_ring(slot, slots, lambda known: pto.print(f"{stage}:{known}", tile))

    return hook


def _execute(module: ModuleOp, tiles: int) -> list[Step]:
    interpreter = Interpreter(module)
    recorder = Recorder()
    for functions in (ArithFunctions(), FuncFunctions(), ScfFunctions(), recorder):
        interpreter.register_implementations(functions)
    interpreter.call_op("main", (tiles,))
    return recorder.steps


def _steps(stages: Stages, preload: int, tiles: int) -> list[Step]:
    module = ModuleBuilder()
    with module.function("main", {"tiles": pto.index}) as args:
        run(Pipeline(stages, args.scalar("tiles"), preload))
    return _execute(module.finish(), tiles)


PRELOADS = [3, 4]
EXTRA_TILES = [0, 1, 2, 7]


def _ring_stages(ring: int, *, first: bool) -> Stages:
    return Stages(
        lead=_hook("lead", ring),
        trail=_hook("trail", ring),
        ring_slots=ring,
        lead_first=_hook("lead_first", ring) if first else None,
        trail_first=_hook("trail_first", ring) if first else None,
    )


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("extra", EXTRA_TILES)
@pytest.mark.parametrize("preload", PRELOADS)
def test_each_stage_sees_every_tile_once_in_order_with_its_slot(preload: int, extra: int, first: bool) -> None:
    steps = _steps(_ring_stages(preload, first=first), preload, preload + extra)
    for stage in ("lead", "trail"):
        tiles = [(s.tile, s.slot) for s in steps if s.stage.startswith(stage)]
        assert tiles == [(t, t % preload) for t in range(preload + extra)]
    assert [s.tile for s in steps if s.stage.endswith("_first")] == ([0, 0] if first else [])


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("extra", EXTRA_TILES)
@pytest.mark.parametrize("preload", PRELOADS)
def test_a_slot_is_drained_just_before_it_is_written_again(preload: int, extra: int, first: bool) -> None:
    steps = [
        s._replace(stage=s.stage[:4]) for s in _steps(_ring_stages(preload, first=first), preload, preload + extra)
    ]
    order = {(s.stage, s.tile): i for i, s in enumerate(steps)}
    for tile in range(extra):
        assert order["trai", tile] + 1 == order["lead", tile + preload]


@pytest.mark.parametrize("extra", EXTRA_TILES)
def test_interleaved_stages_replace_both_in_the_steady_state(extra: int) -> None:
    stages = Stages(
        lead=_hook("lead", 1), trail=_hook("trail", 1), interleaved=lambda tile, slot, _: _hook("both", 1)(tile, slot)
    )
    steps = [(s.stage, s.tile) for s in _steps(stages, 3, 3 + extra)]
    lead, both = [("lead", t) for t in range(3)], [("both", t) for t in range(extra)]
    assert steps == [*lead, *both, *[("trail", t) for t in range(extra, extra + 3)]]


@pytest.mark.parametrize("extra", EXTRA_TILES)
@pytest.mark.parametrize("preload", PRELOADS)
def test_interleaved_stages_get_the_slots_of_both_tiles(preload: int, extra: int) -> None:
    """Where tile 0's trailing stage is in the prologue, the next one trails."""

    def both(tile: Scalar, trail_slot: Slot, lead_slot: Slot) -> None:
        _hook("trail", preload)(tile, trail_slot)
        _hook("lead", preload)(tile + (preload - 1), lead_slot)

    stages = replace(_ring_stages(preload, first=True), interleaved=both)
    steps = _steps(stages, preload, preload + extra)
    for stage in ("lead", "trail"):
        tiles = [(s.tile, s.slot) for s in steps if s.stage.startswith(stage)]
        assert tiles == [(t, t % preload) for t in range(preload + extra)]


def test_a_known_slot_is_dispatched_without_branches() -> None:
    seen: list[int] = []
    dispatch_ring(2, 3, seen.append)
    assert seen == [2]


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_the_ladder_runs_the_body_of_the_slot(slots: int) -> None:
    module = ModuleBuilder()
    with module.function("main", {"slot": pto.index}) as args:
        slot = args.scalar("slot")
        dispatch_ring(slot, slots, lambda known: pto.print(f"body:{known}", slot))
    ir = module.finish()
    assert [_execute(ir, slot) for slot in range(slots)] == [[Step("body", slot, slot)] for slot in range(slots)]
