"""Prints the on-chip budgets and the GM layout of a configuration.

tools/bazel run //flash_atten:memory_table -- --schedule=fast --qk_preload=4
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from absl import flags

from cli.program import run
from flash_atten.config import HEAD, S0, KernelConfig
from flash_atten.fifo import FIFO_SLOTS, Fifos
from flash_atten.generate import SOURCE
from flash_atten.memory import buffer_use, cores_of, room_in
from flash_atten.scratch import PARTIAL_BYTES

DEFINE: Mapping[type, Callable[..., flags.FlagHolder[Any]]] = {
    int: flags.DEFINE_integer,
    str: flags.DEFINE_string,
    bool: flags.DEFINE_bool,
}
"""What defines the flag of a knob, by the type of its default."""


def budget_table(config: KernelConfig) -> str:
    """Return the budget of every buffer and the GM FIFO layout as text."""
    knobs = ", ".join(f"{name} = {value}" for name, value in config.knobs.items())
    lines = [f"On-chip tiles for {knobs}:"]
    for core, tiles in cores_of(config).items():
        for buffer, inside in buffer_use(tiles).items():
            need, room = sum(tile.total_bytes for tile in inside), room_in(buffer)
            lines.append(f"{core} {buffer.name}: {need} of {room} bytes, {room - need} free")
            lines += [
                f"  {t.name:<14} {t.count:>2} x {t.shape_text:<14} {t.tile_bytes:>6} = {t.total_bytes:>6}"
                for t in inside
            ]
            if scratch := buffer.size - room:
                lines.append(f"  not for tiles: {scratch} bytes at {room}, scratch of the device library")
    fifos = Fifos.of(config)
    lines.append(f"GM FIFOs, {fifos.bytes_per_core} bytes per core:")
    lines += [
        f"  {f.name:<14} {FIFO_SLOTS:>2} x [{f.rows}, {f.cols}] {f.dtype} {f.slot_bytes:>6} = {f.ring_bytes:>7}"
        f" at byte {f.offset}"
        for f in (fifos.qk, fifos.pv, fifos.p)
    ]
    lines += scratch_lines(config)
    return "\n".join(lines)


def scratch_lines(config: KernelConfig) -> list[str]:
    """Return what GM holds behind the FIFOs, as lines of the table."""
    lines = []
    if config.kv_split > 1:
        lines.append(
            f"GM partial results, {PARTIAL_BYTES} bytes per unit ({config.kv_split} units per Q block): [{S0}, {HEAD}] "
            f"f32 and 2 x [{S0}] f32"
        )
    if config.heads:
        lines.append("GM log-sum-exps, 4 bytes per row of Q")
    return lines


def main() -> None:
    """Print the budget for the knobs on the command line: those that a kernel is generated with."""
    knobs: dict[str, flags.FlagHolder[Any]] = {
        knob.name: DEFINE[type(knob.default)](knob.name, knob.default, knob.help) for knob in SOURCE.knobs
    }

    def asked() -> KernelConfig:
        return KernelConfig.of({name: flag.value for name, flag in knobs.items()})

    def show(config: KernelConfig) -> int:
        print(budget_table(config))
        return 0

    run(asked, show)


if __name__ == "__main__":
    main()
