"""flash_atten.attention on NumPy arrays: shapes in, shapes out, and what is refused. A stand-in library computes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import flash_atten
from cli.testing import ROOT
from flash_atten import attend
from flash_atten.backend import AttentionBackend, open_backend
from flash_atten.check_inputs import make_inputs
from flash_atten.config import KernelConfig
from flash_atten.reference import attention_oracle, attention_reference
from flash_atten.stand_in import build_stand_in
from kernels.library import LibraryError

Array = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> dict[KernelConfig, AttentionBackend]:
    of_heads = KernelConfig(heads=True), KernelConfig(512, kv_split=2, heads=True)
    configs = [KernelConfig(), KernelConfig(s1_tile=512, qk_preload=4), *of_heads]
    directory = tmp_path_factory.mktemp("so")
    return {config: open_backend(config, path=build_stand_in(directory, config)).backend for config in configs}


@pytest.fixture(autouse=True)
def stand_ins(backends: dict[KernelConfig, AttentionBackend], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attend, "_backend", lambda config, device, path: backends[config])


def test_one_head() -> None:
    inputs = make_inputs("normal", 128, 768, seed=0)
    out = flash_atten.attention(inputs.q, inputs.k, inputs.v)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, attention_reference(inputs.q, inputs.k, inputs.v), atol=1e-5)


def test_every_head_of_every_batch_has_its_own_keys() -> None:
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((2, 3, rows, 128)).astype(np.float16) for rows in (128, 768, 768))
    out = flash_atten.attention(q, k, v)
    assert out.shape == (2, 3, 128, 128)
    for batch in range(2):
        for head in range(3):
            expected = attention_reference(q[batch, head], k[batch, head], v[batch, head])
            np.testing.assert_allclose(out[batch, head], expected, atol=1e-5)


def test_a_library_from_elsewhere_is_used_with_its_own_knobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As outside of Bazel, where none lies beside the package."""
    monkeypatch.undo()  # the stand-ins' fixture
    path = build_stand_in(tmp_path, KernelConfig(s1_tile=512, qk_preload=4))
    inputs = make_inputs("normal", 128, 2048, seed=0)
    out = flash_atten.attention(inputs.q, inputs.k, inputs.v, library=str(path))
    np.testing.assert_allclose(out, attention_reference(inputs.q, inputs.k, inputs.v), atol=1e-5)
    with pytest.raises(LibraryError, match="was built with s1_tile = 512, but s1_tile = 256"):
        flash_atten.attention(inputs.q, inputs.k, inputs.v, KernelConfig(), library=path)
    with pytest.raises(LibraryError, match="was built with heads = False, but heads = True is asked for"):
        flash_atten.attention(inputs.q, inputs.k, inputs.v, library=path, return_lse=True)
    with pytest.raises(LibraryError, match=r"none\.so cannot be read: No such file"):
        flash_atten.attention(inputs.q, inputs.k, inputs.v, library=tmp_path / "none.so")
    with pytest.raises(ValueError, match="s1 must be at least s1_tile"):
        flash_atten.attention(inputs.q, inputs.k[:1024], inputs.v[:1024], library=path)


def test_a_library_of_heads_from_elsewhere_serves_one_head_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    path = build_stand_in(tmp_path, KernelConfig(heads=True))
    inputs = make_inputs("normal", 128, 768, seed=0)
    out = flash_atten.attention(inputs.q, inputs.k, inputs.v, library=path)
    assert out.shape == (128, 128)
    np.testing.assert_allclose(out, attention_reference(inputs.q, inputs.k, inputs.v), atol=1e-5)


def _merged(parts: list[tuple[Array, Array]]) -> Array:
    """Merge (output, log-sum-exp) of several sets of keys, as the documentation says."""
    lse = np.logaddexp.reduce([part for _, part in parts])
    merged: Array = np.sum([out * np.exp(part - lse)[..., None] for out, part in parts], axis=0)
    return merged


def test_log_sum_exps_are_those_of_float64() -> None:
    inputs = make_inputs("normal", 256, 768, seed=0)
    out, lse = flash_atten.attention(inputs.q, inputs.k, inputs.v, return_lse=True)
    assert (out.dtype, lse.dtype, lse.shape) == (np.float32, np.float32, (256,))
    expected, expected_lse = attention_oracle(inputs.q, inputs.k, inputs.v)
    np.testing.assert_allclose(out, expected, atol=1e-5)
    np.testing.assert_allclose(lse, expected_lse, rtol=1e-6)


@pytest.mark.parametrize("heads", [None, (2, 3)])
def test_chunks_of_keys_merge_to_the_whole(heads: tuple[int, int] | None) -> None:
    rng = np.random.default_rng(1)
    q, k, v = (rng.standard_normal((*(heads or ()), rows, 128)).astype(np.float16) for rows in (128, 2304, 2304))
    chunks = [np.s_[..., :768, :], np.s_[..., 768:, :]]
    parts = []
    for chunk in chunks:
        keys, values = np.ascontiguousarray(k[chunk]), np.ascontiguousarray(v[chunk])
        parts.append(flash_atten.attention(q, keys, values, return_lse=True))
    assert parts[0][1].shape == q.shape[:-1]
    np.testing.assert_allclose(_merged(parts), flash_atten.attention(q, k, v), atol=1e-5)


def test_a_given_configuration_serves_heads_too() -> None:
    rng = np.random.default_rng(2)
    q, k, v = (rng.standard_normal((1, 2, rows, 128)).astype(np.float16) for rows in (128, 3072, 3072))
    out = flash_atten.attention(q, k, v, KernelConfig(512, kv_split=2))
    for head in range(2):
        np.testing.assert_allclose(out[0, head], attention_reference(q[0, head], k[0, head], v[0, head]), atol=1e-5)


def test_a_given_configuration_is_used_and_checked() -> None:
    inputs = make_inputs("normal", 128, 1024, seed=0)
    config = KernelConfig(s1_tile=512, qk_preload=4)
    with pytest.raises(ValueError, match=r"s1 must be at least s1_tile \* qk_preload = 2048"):
        flash_atten.attention(inputs.q, inputs.k, inputs.v, config)
    with pytest.raises(ValueError, match="s1 = 600 is not supported"):
        flash_atten.attention(inputs.q, inputs.k[:600], inputs.v[:600])


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((128, 64), (768, 64), (768, 64)), r"q has shape \[128, 64\]; attention takes \[rows, 128\] or \[batch"),
        (((2, 128, 128), (2, 768, 128), (2, 768, 128)), r"q has shape \[2, 128, 128\]"),
        (((128, 128), (768, 128), (1024, 128)), r"k has shape \[768, 128\] and v has \[1024, 128\]"),
        (((1, 4, 128, 128), (1, 2, 768, 128), (1, 2, 768, 128)), "every head of q has its own k and v"),
        (((128, 128), (1, 1, 768, 128), (1, 1, 768, 128)), "all but the rows must be the same"),
        (((0, 128), (768, 128), (768, 128)), "not empty"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shapes: tuple[tuple[int, ...], ...], words: str) -> None:
    q, k, v = (np.zeros(shape, np.float16) for shape in shapes)
    with pytest.raises(ValueError, match=words):
        flash_atten.attention(q, k, v)


def test_other_dtypes_kinds_and_orders_are_refused() -> None:
    q, k = np.zeros((128, 128), np.float16), np.zeros((768, 128), np.float16)
    with pytest.raises(ValueError, match="v is float32; the kernel takes float16"):
        flash_atten.attention(q, k, k.astype(np.float32))
    with pytest.raises(ValueError, match="q is a list; attention takes numpy"):
        flash_atten.attention(q.tolist(), k, k)
    with pytest.raises(ValueError, match="v is a str; attention takes numpy"):
        flash_atten.attention(q, k, "v")
    with pytest.raises(ValueError, match="config is a int; give a flash_atten"):
        flash_atten.attention(q, k, k, 256)  # type: ignore[arg-type]
    transposed = np.zeros((1, 768, 2, 128), np.float16).transpose(0, 2, 1, 3)
    with pytest.raises(ValueError, match="k is not contiguous"):
        flash_atten.attention(np.zeros((1, 2, 128, 128), np.float16), transposed, transposed)


def test_importing_the_package_imports_neither_numpy_nor_torch() -> None:
    program = "import sys, flash_atten, flash_atten.config; print('numpy' in sys.modules, 'torch' in sys.modules)"
    env = {"PYTHONPATH": ":".join([str(ROOT), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, cwd=Path("/"), check=True
    )
    assert done.stdout == "False False\n"


def test_other_names_of_the_package_do_not_exist() -> None:
    with pytest.raises(AttributeError, match="no attribute 'attentoin'"):
        flash_atten.attentoin
