"""flash_atten.attention on torch tensors: zero copies, the op's schema and fake kernel, graphs of torch.compile."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import flash_atten
from flash_atten import attend
from flash_atten.backend import AttentionBackend, open_backend
from flash_atten.check_inputs import make_inputs
from flash_atten.config import KernelConfig
from flash_atten.op_torch import attention_lse_op, attention_op
from flash_atten.reference import attention_oracle, attention_reference
from flash_atten.stand_in import build_stand_in

Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class RecordingBackend(AttentionBackend):
    """Notes where the operands lie."""

    def bind(self, q, k, v, out=None, *, heads=1):  # type: ignore[no-untyped-def]
        self.addresses = tuple(array.ctypes.data for array in (q, k, v))
        return super().bind(q, k, v, out, heads=heads)


Backends = dict[KernelConfig, RecordingBackend]


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Backends:
    directory, found = tmp_path_factory.mktemp("so"), {}
    for config in (KernelConfig(), KernelConfig(heads=True)):
        path = build_stand_in(directory, config)
        found[config] = RecordingBackend(open_backend(config, path=path).backend.backend, config)
    return found


@pytest.fixture
def backend(backends: Backends) -> RecordingBackend:
    return backends[KernelConfig()]


@pytest.fixture(autouse=True)
def stand_in(backends: Backends, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(attend, "_backend", lambda config, device, path: backends[config])
    yield
    torch.compiler.reset()


@pytest.fixture
def tensors() -> Tensors:
    inputs = make_inputs("normal", 128, 768, seed=0)
    return torch.from_numpy(inputs.q), torch.from_numpy(inputs.k), torch.from_numpy(inputs.v)


def _expected(tensors: Tensors) -> torch.Tensor:
    return torch.from_numpy(attention_reference(*(tensor.numpy() for tensor in tensors)))


def test_result_is_a_float32_tensor_and_operands_are_not_copied(tensors: Tensors, backend: RecordingBackend) -> None:
    out = flash_atten.attention(*tensors)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, _expected(tensors), rtol=0, atol=1e-5)
    assert backend.addresses == tuple(tensor.data_ptr() for tensor in tensors)


def test_batches_of_heads(tensors: Tensors) -> None:
    q, k, v = (torch.stack([tensor, 2 * tensor])[None] for tensor in tensors)
    out = flash_atten.attention(q, k, v)
    assert out.shape == (1, 2, 128, 128)
    torch.testing.assert_close(out[0, 0], _expected(tensors), rtol=0, atol=1e-5)


def test_schema_fake_kernel_and_dispatch_agree(tensors: Tensors) -> None:
    for op in (attention_op, attention_lse_op):
        torch.library.opcheck(op, (*tensors, 256, 3, 1))
        torch.library.opcheck(op, (*tensors, 0, 0, 0))


def test_the_fake_kernel_agrees_on_strides_of_dimensions_of_size_1(tensors: Tensors) -> None:
    transposed = [torch.stack([tensor, tensor])[:, None].transpose(0, 1) for tensor in tensors]
    assert all(tensor.is_contiguous() for tensor in transposed)
    assert transposed[0].stride() != transposed[0].clone().reshape(-1).view(transposed[0].shape).stride()
    for op in (attention_op, attention_lse_op):
        torch.library.opcheck(op, (*transposed, 256, 3, 1))


@pytest.mark.parametrize(
    ("q_rows", "s1", "tile", "message"),
    [(100, 768, 256, "q_rows = 100"), (128, 700, 256, "s1 = 700"), (128, 256, 256, "s1 = 256"), (128, 768, 333, "333")],
)
def test_the_fake_kernel_refuses_what_the_real_one_refuses(q_rows: int, s1: int, tile: int, message: str) -> None:
    q, k = (torch.zeros(rows, 128, dtype=torch.float16) for rows in (q_rows, s1))
    for device in ("cpu", "meta"):
        with pytest.raises(ValueError, match=message):
            torch.ops.flash_atten.attention(q.to(device), k.to(device), k.to(device), tile, 3, 1)


def test_the_fake_kernel_refuses_gaps_between_rows() -> None:
    q = torch.zeros(128, 256, dtype=torch.float16, device="meta")[:, :128]
    with pytest.raises(ValueError, match=r"q is not contiguous; pass q.contiguous\(\)"):
        torch.ops.flash_atten.attention(q, q, q, 0, 0, 0)


def test_the_fake_kernel_knows_shape_and_dtype_without_running() -> None:
    q, k = (
        torch.empty(256, 128, dtype=torch.float16, device="meta"),
        torch.empty(768, 128, dtype=torch.float16, device="meta"),
    )
    out = flash_atten.attention(q, k, k)
    assert (out.shape, out.dtype, out.device.type) == ((256, 128), torch.float32, "meta")


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # inductor imports what torch deprecates
@pytest.mark.parametrize("compiler", ["eager", "aot_eager", "inductor"])
def test_a_compiled_graph_holds_the_op_whole(tensors: Tensors, compiler: str) -> None:
    compiled = torch.compile(lambda q, k, v: flash_atten.attention(2 * q, k, v) + 1, backend=compiler, fullgraph=True)
    q, k, v = tensors
    torch.testing.assert_close(compiled(*tensors), _expected((2 * q, k, v)) + 1, rtol=0, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # inductor imports what torch deprecates
@pytest.mark.parametrize("compiler", ["eager", "inductor"])
def test_a_compiled_graph_merges_chunks_by_their_log_sum_exps(compiler: str) -> None:
    rng = np.random.default_rng(0)
    q, k, v = (torch.from_numpy(rng.standard_normal((n, 128)).astype(np.float16)) for n in (128, 1536, 1536))

    def ring(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> Any:
        parts = [flash_atten.attention(q, k[i : i + 768], v[i : i + 768], return_lse=True) for i in (0, 768)]
        lse = torch.logsumexp(torch.stack([part for _, part in parts]), 0)
        return sum(out * torch.exp(part - lse)[:, None] for out, part in parts)

    merged = torch.compile(ring, backend=compiler, fullgraph=True)(q, k, v)
    expected = torch.from_numpy(attention_oracle(q.numpy(), k.numpy(), v.numpy())[0])
    torch.testing.assert_close(merged, expected.float(), rtol=0, atol=1e-5)


def test_a_preload_without_a_tile_is_refused(tensors: Tensors) -> None:
    with pytest.raises(ValueError, match="s1_tile = 0 is not supported: use 256 or 512"):
        torch.ops.flash_atten.attention(*tensors, 0, 4, 0)


def test_it_is_listed_among_torch_ops(tensors: Tensors) -> None:
    torch.testing.assert_close(
        torch.ops.flash_atten.attention(*tensors, 256, 3, 1), _expected(tensors), rtol=0, atol=1e-5
    )


def test_there_is_no_backward(tensors: Tensors) -> None:
    out = flash_atten.attention(tensors[0].requires_grad_(), *tensors[1:])
    with pytest.raises(RuntimeError, match="no autograd formula"):
        out.sum().backward()


def test_wrong_tensors_are_refused(tensors: Tensors) -> None:
    q, k, v = tensors
    with pytest.raises(ValueError, match=r"k is torch.bfloat16; the kernel takes float16 only"):
        flash_atten.attention(q, k.bfloat16(), v)
    with pytest.raises(ValueError, match="v is on meta and q on cpu"):
        flash_atten.attention(q, k, v.to("meta"))
    with pytest.raises(ValueError, match="k is not contiguous"):
        flash_atten.attention(q, torch.cat([k, k], dim=1)[:, :128], v)
    with pytest.raises(ValueError, match="q is a Tensor, k is a ndarray, v is a Tensor; all three must be"):
        flash_atten.attention(q, k.numpy(), v)
    with pytest.raises(ValueError, match="they must be the same"):
        flash_atten.attention(q, k, v[:512])


def test_numpy_and_torch_give_the_same_bits(tensors: Tensors) -> None:
    q, k, v = (tensor.numpy() for tensor in tensors)
    assert np.array_equal(flash_atten.attention(q, k, v), flash_atten.attention(*tensors).numpy())
