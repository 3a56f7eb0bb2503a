"""The tiles of every core that a kernel runs on, whatever its schedule, and whether they fit."""

from __future__ import annotations

from flash_atten.config import KernelConfig
from flash_atten.fast_memory import FastCubeTiles, FastVectorTiles
from flash_atten.memory import CubeTiles, ReduceTiles, TileDecl, VectorTiles, check_budget, declared


def cores_of(config: KernelConfig) -> dict[str, tuple[TileDecl, ...]]:
    """Return the declarations of each core, by what the core is called."""
    if config.by_recipe:
        cores = {"cube": declared(CubeTiles.of(config)), "vector": declared(VectorTiles.of(config))}
    else:
        cores = {"cube": declared(FastCubeTiles.of(config)), "vector": declared(FastVectorTiles.of(config))}
    if config.kv_split > 1:
        cores["vector, combining"] = declared(ReduceTiles.of(config))
    return cores


def check_budgets(config: KernelConfig) -> None:
    """Raise BudgetError if the kernel of `config` does not fit on a core."""
    for tiles in cores_of(config).values():
        check_budget(tiles)
