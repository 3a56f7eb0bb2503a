"""flash_atten.attention on torch tensors: zero copies, the op's schema and fake kernel, graphs of torch.compile."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

import flash_atten
from flash_atten import attend
from flash_atten.backend import AttentionBackend, open_backend
from flash_atten.check_inputs import make_inputs
from flash_atten.config import KernelConfig
from flash_atten.op_torch import attention_op
from flash_atten.reference import attention_reference
from flash_atten.stand_in import build_stand_in

Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class RecordingBackend(AttentionBackend):
    """Notes where the operands lie."""

    def launch(self, q, k, v, out=None):  # type: ignore[no-untyped-def]
        self.addresses = tuple(array.ctypes.data for array in (q, k, v))
        return super().launch(q, k, v, out)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> RecordingBackend:
    config = KernelConfig()
    path = build_stand_in(tmp_path_factory.mktemp("so"), config)
    return RecordingBackend(open_backend(config, path=path).backend.backend, config)


@pytest.fixture(autouse=True)
def stand_in(backend: RecordingBackend, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(attend, "_backend", lambda config, device, path: backend)
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
    torch.library.opcheck(attention_op, (*tensors, 256, 3))
    torch.library.opcheck(attention_op, (*tensors, 0, 3))


def test_the_fake_kernel_agrees_on_strides_of_dimensions_of_size_1(tensors: Tensors) -> None:
    transposed = [torch.stack([tensor, tensor])[:, None].transpose(0, 1) for tensor in tensors]
    assert all(tensor.is_contiguous() for tensor in transposed)
    assert transposed[0].stride() != transposed[0].clone().reshape(-1).view(transposed[0].shape).stride()
    torch.library.opcheck(attention_op, (*transposed, 256, 3))


@pytest.mark.parametrize(
    ("q_rows", "s1", "tile", "message"),
    [(100, 768, 256, "q_rows = 100"), (128, 700, 256, "s1 = 700"), (128, 256, 256, "s1 = 256"), (128, 768, 333, "333")],
)
def test_the_fake_kernel_refuses_what_the_real_one_refuses(q_rows: int, s1: int, tile: int, message: str) -> None:
    q, k = (torch.zeros(rows, 128, dtype=torch.float16) for rows in (q_rows, s1))
    for device in ("cpu", "meta"):
        with pytest.raises(ValueError, match=message):
            torch.ops.flash_atten.attention(q.to(device), k.to(device), k.to(device), tile, 3)


def test_the_fake_kernel_refuses_gaps_between_rows() -> None:
    q = torch.zeros(128, 256, dtype=torch.float16, device="meta")[:, :128]
    with pytest.raises(ValueError, match=r"q is not contiguous; pass q.contiguous\(\)"):
        torch.ops.flash_atten.attention(q, q, q, 0, 3)


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


def test_it_is_listed_among_torch_ops(tensors: Tensors) -> None:
    torch.testing.assert_close(torch.ops.flash_atten.attention(*tensors, 256, 3), _expected(tensors), rtol=0, atol=1e-5)


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
