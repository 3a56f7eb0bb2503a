"""What the Flash Attention kernel is built for: shape envelope, knobs, and the rules that bind them.

Non-causal prefill on Ascend A3: O = softmax(Q K^T / sqrt(HEAD)) V with Q [q_rows, HEAD], K and V [s1, HEAD] in
fp16, row-major, and O [q_rows, HEAD] in fp32. `KernelConfig` holds what is fixed when the kernel is built,
`LaunchShape` what each launch may choose. Both are plain values; every broken rule is a ValueError that says what was
given, what is allowed, and why.

S1 can be split: KV_SPLIT cores take a part of it each for the same Q block, and a second entry combines what they
leave.
A kernel of heads takes [heads, q_rows, HEAD] and [heads, s1, HEAD] in one launch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

HEAD = 128
"""Head dimension: columns of Q, K, V and O. Baked into the tiles."""

S0 = 128
"""Rows of one Q block: what one cube core works on at a time. Baked into the tiles."""

CUBE_S1 = 128
"""K rows of one cube sub-tile: one 128 x 128 x 128 matmul fills L0A, L0B and L0C as the kernel divides them."""

SUBBLOCKS = 2
"""Vector cores per cube core; each takes half of the rows of a Q block."""

SCALE = 1.0 / math.sqrt(HEAD)
"""Factor on the scores. The running maximum is kept unscaled; the scale is applied after it has been subtracted."""

S1_TILES = (256, 512)
"""Allowed K rows per tile: multiples of CUBE_S1 whose working set fits UB and divides over the row slices."""

QK_PRELOADS = (3, 4)
"""Allowed numbers of tiles that the QK stage runs ahead of the PV stage."""

KV_SPLITS = (1, 2, 4)
"""Allowed numbers of parts of S1, each computed apart. More than one needs a second entry that combines them."""

LARGEST_SIZE = 2**31
"""Rows of Q or K, or heads, up to which a shape is believed: an operand of so many rows is half a terabyte."""

RECIPE = "recipe"
"""The schedule of the reference kernel."""

FAST = "fast"
"""The schedule that is predicted to be faster. No device has run it."""

SINGLE = "single"
"""As FAST, with one Q block at a time, and scratch for row reductions as large as the tile: it depends on no path of
the device's library. For a device on which FAST_SCRATCH_BYTES of `isa.a3` turn out to be too few."""

SCHEDULES = (RECIPE, FAST, SINGLE)
"""Allowed schedules."""

FAST_PRELOAD = 4
"""The only `qk_preload` of FAST and SINGLE: logical tiles in flight, and slots of the ring, over all lanes."""

FAST_LANES = {256: 1, 512: 2}
"""Q blocks that a core works on in turns in the schedule FAST, by s1_tile."""

FAST_IN_FLIGHT = {256: 1, 512: 2}
"""Logical tiles that FAST and SINGLE need in flight, by s1_tile: with four row slices the end of a tile's softmax runs
in the time of the next tile, so its probabilities come when the next scores are there."""

FAST_S1 = 1024
"""From this S1 on the fast schedule is predicted to be faster."""

FAST_LONG_S1 = 4096
"""From this S1 on, `auto_s1_tile` chooses the larger tile for the fast schedule. Below it most cores have one Q block,
so there are no pairs."""

LONG_S1 = 16384
"""From this S1 on, `auto_s1_tile` chooses the larger tile."""

EXP_RING_OF_PRELOAD = 0
"""Default of `KernelConfig.exp_ring`: as many slots as `qk_preload`, the only right number."""


def _require_choice(knob: str, value: int, allowed: tuple[int, ...], reason: str) -> None:
    """Raise ValueError unless `value` is one of `allowed`; `reason` ends the message."""
    # Not isinstance, for which True is a number.
    if type(value) is not int or value not in allowed:
        choices = " or ".join(str(choice) for choice in allowed)
        raise ValueError(f"{knob} = {value!r} is not supported: use {choices}. {reason}")


@dataclass(frozen=True)
class KernelConfig:
    """The knobs of one built kernel. Raises ValueError for a combination that cannot work."""

    s1_tile: int = 256
    """K rows per pipeline tile."""

    qk_preload: int = 3
    """Tiles that QK and softmax run ahead of PV and its accumulation."""

    exp_ring: int = EXP_RING_OF_PRELOAD
    """Slots of the ring of rescale factors. Always equal to `qk_preload`; leave it out to derive it."""

    kv_split: int = 1
    """Parts that S1 is cut into. With more than one the entry leaves partial results and a second entry combines
    them.
    """

    heads: bool = False
    """Whether a launch has many heads, each with K and V of its own. Such a kernel also leaves the log-sum-exp of each
    row: what merges attention over several sets of keys.
    """

    schedule: str = RECIPE
    """The order of the work: RECIPE, the reference's, FAST or SINGLE (docs/schedules.md)."""

    def __post_init__(self) -> None:
        """Check every rule that does not need the launch shape, and derive `exp_ring`."""
        _require_choice(
            "s1_tile",
            self.s1_tile,
            S1_TILES,
            f"It must be a multiple of CUBE_S1 = {CUBE_S1}, and only these fit UB and have been validated.",
        )
        _require_choice(
            "qk_preload",
            self.qk_preload,
            QK_PRELOADS,
            "Fewer tiles in flight leave cube and vector waiting for each other; more only add prologue and epilogue.",
        )
        _require_choice(
            "kv_split",
            self.kv_split,
            KV_SPLITS,
            "Each part costs a prologue and an epilogue and a partial output in GM, so more parts do not pay.",
        )
        if type(self.heads) is not bool:
            raise ValueError(
                f"heads = {self.heads!r} is not supported: use True for a kernel of many heads, or False. How many "
                "there are is said at each launch."
            )
        _check_schedule(self)
        if self.exp_ring == EXP_RING_OF_PRELOAD:
            object.__setattr__(self, "exp_ring", self.qk_preload)
        if self.exp_ring != self.qk_preload:
            raise ValueError(
                f"exp_ring = {self.exp_ring} with qk_preload = {self.qk_preload} is not supported: the two must be "
                "equal. Softmax of tile t + qk_preload writes the ring slot of tile t, so with any other ring it "
                "overwrites a rescale factor that the accumulation still needs, or reads one of another tile. "
                "Leave exp_ring out."
            )

    @classmethod
    def of(cls, knobs: Mapping[str, int | str]) -> KernelConfig:
        """Return the configuration with these knobs, as `knobs` gives them. Raises ValueError for any other."""
        return cls(**knobs)  # type: ignore[arg-type]

    @property
    def knobs(self) -> dict[str, int | str]:
        """What a library built with this configuration says of itself."""
        knobs = ("s1_tile", "qk_preload", "kv_split", "heads", "schedule")
        return {knob: getattr(self, knob) for knob in knobs}

    @property
    def title(self) -> str:
        """The knobs of the pipeline as pictures and reports name them."""
        return f"S1_TILE {self.s1_tile}, QK_PRELOAD {self.qk_preload}, KV_SPLIT {self.kv_split}"

    @property
    def by_recipe(self) -> bool:
        """Whether the kernel is the reference's; the others are built by the `fast_*` files."""
        return self.schedule == RECIPE

    @property
    def lanes(self) -> int:
        """Q blocks that a core works on in turns."""
        return FAST_LANES[self.s1_tile] if self.schedule == FAST else 1

    @property
    def tile_factor(self) -> int:
        """Cube sub-tiles in a tile, and row slices that a vector core cuts its rows into."""
        return self.s1_tile // CUBE_S1

    @property
    def vec_rows(self) -> int:
        """Rows of a Q block that one vector core takes."""
        return S0 // SUBBLOCKS

    @property
    def slice_rows(self) -> int:
        """Rows of one row slice (Vec_S0). Shrinks as the tile widens, so a slice of scores stays at 32 KiB."""
        return self.vec_rows // self.tile_factor

    @property
    def part_rows(self) -> int:
        """Rows of S1 that S1 must be a multiple of: a tile in every part."""
        return self.s1_tile * self.kv_split

    def tiles_in(self, s1: int) -> int:
        """Return the tiles in `s1` rows of K and V."""
        return s1 // self.s1_tile

    @property
    def least_s1(self) -> int:
        """The shortest S1: every part holds `qk_preload` tiles. FAST and SINGLE run ahead less where S1 is short."""
        return self.part_rows * (self.qk_preload if self.by_recipe else FAST_IN_FLIGHT[self.s1_tile] // self.lanes)


def _check_schedule(config: KernelConfig) -> None:
    """Raise ValueError unless the schedule exists and has the other knobs of `config`."""
    if config.schedule not in SCHEDULES:
        raise ValueError(
            f"schedule = {config.schedule!r} is not supported: use {' or '.join(SCHEDULES)}. The first is the "
            "reference's."
        )
    if config.by_recipe:
        return
    _require_choice(
        f"schedule = {config.schedule} with qk_preload",
        config.qk_preload,
        (FAST_PRELOAD,),
        "That many logical tiles are in flight, over all Q blocks that a core works on in turns.",
    )
    if config.kv_split != 1 or config.heads:
        knob = "heads = True" if config.heads else f"kv_split = {config.kv_split}"
        raise ValueError(
            f"schedule = {config.schedule} with {knob} is not supported: it leaves no partial results and no "
            f"log-sum-exps. Use schedule = {RECIPE}."
        )


@dataclass(frozen=True)
class LaunchShape:
    """Run-time arguments of one launch. Raises ValueError for a shape that no configuration supports."""

    q_rows: int
    """Rows of Q and O (S0 of the launch)."""

    s1: int
    """Rows of K and V."""

    heads: int = 1
    """Heads, each with `q_rows` rows of Q and O and `s1` rows of K and V."""

    def __post_init__(self) -> None:
        """Check what holds for every configuration."""
        for name, value, what in (
            ("q_rows", self.q_rows, "rows"),
            ("s1", self.s1, "rows"),
            ("heads", self.heads, "heads"),
        ):
            if type(value) is not int or value <= 0:
                raise ValueError(f"{name} = {value!r} is not a size: give a positive whole number of {what}.")
            if value > LARGEST_SIZE:
                raise ValueError(f"{name} = {value} is not a size: give at most {LARGEST_SIZE} {what}.")
        if self.q_rows % S0:
            raise ValueError(
                f"q_rows = {self.q_rows} is not supported: it must be a multiple of {S0}, the rows of one Q block, "
                f"because the kernel has no partial blocks. The nearest allowed: {_neighbours(self.q_rows, S0)}."
            )

    @property
    def rows(self) -> int:
        """Rows of Q and O of all heads."""
        return self.heads * self.q_rows

    @property
    def q_blocks(self) -> int:
        """Q blocks of S0 rows, of all heads."""
        return self.rows // S0

    def tiles(self, config: KernelConfig) -> int:
        """Tiles of `config` in S1."""
        return config.tiles_in(self.s1)

    def units(self, config: KernelConfig) -> int:
        """Units of work: a part of S1 for a Q block. Core b of n handles units b, b + n, b + 2n, ..."""
        return self.q_blocks * config.kv_split

    def check(self, config: KernelConfig) -> None:
        """Raise ValueError if a kernel built with `config` cannot run this shape."""
        if self.heads > 1 and not config.heads:
            raise ValueError(
                f"heads = {self.heads} is not supported by a kernel that is built without heads: build it with "
                "heads = True, or launch one head after the other."
            )
        knobs, factors, parts = f"s1_tile = {config.s1_tile}", "s1_tile", ""
        if config.kv_split > 1:
            knobs += f", kv_split = {config.kv_split}"
            factors += " * kv_split"
            parts = f" in each of the {config.kv_split} parts"
        if self.s1 % config.part_rows:
            raise ValueError(
                f"s1 = {self.s1} is not supported with {knobs}: s1 must be a multiple of {factors}, because the kernel "
                f"has no partial tiles{' and all parts are equal' if parts else ''}. The nearest allowed: "
                f"{_neighbours(self.s1, config.part_rows, least=config.least_s1)}."
            )
        if self.s1 < config.least_s1 and not config.by_recipe:
            raise ValueError(
                f"s1 = {self.s1} is not supported with {knobs} and schedule = {config.schedule}: s1 must be at least "
                f"{config.least_s1}, because so many tiles are in flight where one Q block ends and the next begins. "
                f"Use a longer s1, or s1_tile = {S1_TILES[0]}."
            )
        if self.s1 < config.least_s1:
            raise ValueError(
                f"s1 = {self.s1} is not supported with {knobs} and qk_preload = {config.qk_preload}: s1 must be at "
                f"least {factors} * qk_preload = {config.least_s1}, because the prologue computes that many tiles"
                f"{parts} before anything drains them. Use a longer s1, or a smaller tile, split or preload."
            )


def _neighbours(value: int, step: int, *, least: int = 0) -> str:
    """Return the multiples of `step` next to `value` that are at least `least` (and positive), as words."""
    below = value // step * step
    least = max(least, step)
    near = sorted({max(below, least), max(below + step, least)})
    return " and ".join(str(size) for size in near)


def auto_s1_tile(shape: LaunchShape, schedule: str = RECIPE) -> int:
    """Return the tile to use for `shape` when the user has no preference: 256, or 512 for a long S1.

    A larger tile halves the number of pipeline steps, hence barriers, flags and FIFO signals per score, but it doubles
    the work of prologue and epilogue, where cube and vector do not overlap. On the reference kernel 512 has measured
    faster from S1 = 16384 on; for the fast schedule it is predicted to be so from 4096 on. This is a heuristic to beat,
    not a rule: `s1_tile` can always be given. A long S1 that is no multiple of 512 gets 256.
    """
    small, large = S1_TILES
    long = LONG_S1 if schedule == RECIPE else FAST_LONG_S1
    return large if shape.s1 >= long and shape.s1 % large == 0 else small


def auto_schedule(shape: LaunchShape) -> str:
    """Return the schedule to use for `shape` for a user who trusts predictions (docs/schedules.md).

    FAST from the shortest S1 on that was predicted.
    """
    return FAST if shape.s1 >= FAST_S1 else RECIPE


LEAST_TILES_TO_SPLIT = 32
"""Tiles of S1 from which on `auto_kv_split` splits."""

LEAST_GAIN_OF_WAVES = 0.05
"""By how much the share of busy cores must rise for `auto_kv_split` to split: the partial results have their price."""


def wave_utilisation(units: int, cores: int) -> float:
    """Return the share of busy cores while `units` equal units of work run in waves on `cores` cores, at most 1."""
    return units / (-(-units // cores) * cores)


def may_split(shape: LaunchShape, config: KernelConfig) -> bool:
    """Whether `auto_kv_split` may split S1 on some number of cores: it has at least 32 tiles, and halves that hold the
    preload.
    """
    halves = replace(config, kv_split=2)
    enough = shape.tiles(config) >= LEAST_TILES_TO_SPLIT and shape.s1 >= halves.least_s1
    return enough and shape.s1 % halves.part_rows == 0


def auto_kv_split(shape: LaunchShape, config: KernelConfig, cores: int) -> int:
    """Return the split to use for `shape` on `cores` cube cores when the user has no preference: 2, or 1.

    2 where it may be (`may_split`) and the share of busy cores rises by more than 5 points: the rule of the reference
    kernel. `config` says tile and preload; its own split does not matter.
    """
    if cores < 1:
        raise ValueError(f"cores = {cores} is not possible: give at least 1")
    if not may_split(shape, config):
        return 1
    whole, split = (wave_utilisation(shape.q_blocks * parts, cores) for parts in (1, 2))
    return 2 if split - whole > LEAST_GAIN_OF_WAVES else 1
