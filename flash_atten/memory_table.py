"""Prints the on-chip budgets and the GM layout of a configuration.

tools/bazel run //flash_atten:memory_table -- --s1_tile=512
"""

from __future__ import annotations

from absl import flags

from cli.program import run
from flash_atten.budgets import cores_of
from flash_atten.config import HEAD, KV_SPLITS, QK_PRELOADS, RECIPE, S0, S1_TILES, SCHEDULES, KernelConfig
from flash_atten.fifo import FIFO_SLOTS, Fifos
from flash_atten.memory import buffer_use, room_in
from flash_atten.scratch import PARTIAL_BYTES


def budget_table(config: KernelConfig) -> str:
    """Return the budget of every buffer and the GM FIFO layout as text."""
    knobs = f"s1_tile = {config.s1_tile}, qk_preload = {config.qk_preload}"
    if config.schedule != RECIPE:
        knobs += f", schedule = {config.schedule}"
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
    """Print the budget for the knobs on the command line."""
    s1_tile = flags.DEFINE_integer("s1_tile", S1_TILES[0], "K rows per tile.")
    qk_preload = flags.DEFINE_integer("qk_preload", QK_PRELOADS[0], "Tiles that QK runs ahead of PV.")
    kv_split = flags.DEFINE_integer("kv_split", KV_SPLITS[0], "Parts that S1 is cut into.")
    schedule = flags.DEFINE_enum("schedule", RECIPE, list(SCHEDULES), "Order of the work.")

    def asked() -> KernelConfig:
        return KernelConfig(s1_tile.value, qk_preload.value, kv_split=kv_split.value, schedule=schedule.value)

    def show(config: KernelConfig) -> int:
        print(budget_table(config))
        return 0

    run(asked, show)


if __name__ == "__main__":
    main()
