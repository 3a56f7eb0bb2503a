"""Random orders of the cores: kernels that are right compute the same in each, races show in some."""

from pathlib import Path

import numpy as np
import pytest

from runtime.host_kernel import HostKernel, KernelFailure
from runtime.testing import TILE, VIEW, attention_arguments, compile_text, compiled

SEEDS = range(32)

MOVE = f"{TILE} t; TASSIGN(t, 0); {VIEW} from(v1), to(v1 + 128); TLOAD(t, from);"

RACES = "".join(
    f'extern "C" __global__ AICORE void {name}(__gm__ float* v1) {{\n#if defined(__DAV_VEC__)\n{body}\n#endif\n}}\n'
    for name, body in {
        "count": "v1[0] += 1.0f;",
        "subblocks": f"{MOVE} if (get_subblockid() == 1) {{ TADDS(t, t, 1.0f); TSTORE(from, t); }} else TSTORE(to, t);",
        "own": "v1[get_block_idx() * 2 + get_subblockid()] += 1.0f;",
    }.items()
)


@pytest.fixture(scope="module")
def attention(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    return compiled(tmp_path_factory.mktemp("attention"), "flash_attention", "call_both")


@pytest.fixture(scope="module")
def races(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    return compile_text(tmp_path_factory.mktemp("races"), RACES, "count")


def result(kernel: HostKernel, entry: str, blocks: int, seed: int | None) -> bytes:
    x = np.zeros(256, np.float32)
    kernel.launch(blocks, x, entry=entry, interleave=seed)
    return x.tobytes()


def test_attention_is_the_same_in_every_order(attention: HostKernel) -> None:
    slots, q, k, v, o = attention_arguments(384, 1024, 3)
    attention.launch(3, 0, slots, q, k, v, o, 384, 1024)
    for seed in SEEDS:
        slots[:], again = 0xFF, np.full_like(o, np.nan)
        attention.launch(3, 0, slots, q, k, v, again, 384, 1024, interleave=seed)
        assert again.tobytes() == o.tobytes(), f"seed {seed}"


@pytest.mark.parametrize(("entry", "blocks"), [("count", 8), ("subblocks", 1)])
def test_cores_that_race_are_exposed(races: HostKernel, entry: str, blocks: int) -> None:
    as_usual = result(races, entry, blocks, None)
    others = [result(races, entry, blocks, seed) for seed in SEEDS]
    assert any(other != as_usual for other in others)


def test_cores_that_do_not_race_are_not(races: HostKernel) -> None:
    expected = np.zeros(256, np.float32)
    expected[:200] = 1
    assert {result(races, "own", 100, seed) for seed in SEEDS} == {expected.tobytes()}


def test_a_seed_is_an_order(races: HostKernel) -> None:
    first, second = ([result(races, "count", 8, seed) for seed in SEEDS] for _ in range(2))
    assert first == second


def test_a_deadlock_is_reported_in_every_order(tmp_path: Path) -> None:
    once_more = ("int64_t v34 = v8 / v11;", "int64_t v34 = v8 / v11 + 1;")
    broken = compiled(tmp_path, "flash_attention", "call_both", edit=once_more)
    slots, q, k, v, o = attention_arguments(128, 1024, 1)
    for seed in range(4):
        with pytest.raises(KernelFailure, match=r"deadlock, no core can continue.* vec0 waits at flash_attention\.cpp"):
            broken.launch(1, 0, slots, q, k, v, o, 128, 1024, interleave=seed)


def test_a_failure_in_one_block_ends_the_launch(attention: HostKernel) -> None:
    slots, q, k, v, o = attention_arguments(384, 1024, 3)
    with pytest.raises(KernelFailure, match=r"block 2, vec[01]: TSTORE .* lies in no buffer"):
        attention.launch(3, 0, slots, q, k, v, o[:256], 384, 1024, interleave=5)
