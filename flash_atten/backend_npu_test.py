"""The npu backend up to the edge of the hardware: fake torch_npu, real callers, naive kernel."""

import ctypes
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from flash_atten.backend import AttentionBackend, open_backend
from flash_atten.check_inputs import AttentionInputs, make_inputs
from flash_atten.config import KernelConfig, LaunchShape
from flash_atten.fifo import fifo_bytes_per_core
from flash_atten.plan import launch_plan
from flash_atten.reference import attention_reference
from flash_atten.scratch import scratch_bytes
from flash_atten.stand_in import build_stand_in
from kernels.backend import Choice
from kernels.fake_npu import STREAM, FakeTensor, FakeTorch
from kernels.library import KernelError, KernelLibrary, LibraryError
from kernels.npu import NpuBackend, import_torch_npu

CONFIG = KernelConfig()


def _backend(path: Path, torch: FakeTorch, cube_cores: int | None = None) -> AttentionBackend:
    return AttentionBackend(NpuBackend(KernelLibrary(path, CONFIG.knobs), torch, cube_cores=cube_cores), CONFIG)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_stand_in(tmp_path_factory.mktemp("so"), CONFIG, backend="npu")


@pytest.fixture
def torch() -> FakeTorch:
    return FakeTorch()


@pytest.fixture
def backend(path: Path, torch: FakeTorch) -> AttentionBackend:
    return _backend(path, torch)


@pytest.fixture(scope="module")
def inputs() -> AttentionInputs:
    return make_inputs("normal", 256, 768, seed=0)


def _on_device(backend: AttentionBackend, inputs: AttentionInputs) -> list[FakeTensor]:
    return [backend.from_numpy(array) for array in (inputs.q, inputs.k, inputs.v)]


def test_the_kernel_gets_the_tensors_the_stream_and_the_c2c_address(
    backend: AttentionBackend, inputs: AttentionInputs, path: Path
) -> None:
    out = backend.launch(*_on_device(backend, inputs))
    np.testing.assert_allclose(out.array, attention_reference(inputs.q, inputs.k, inputs.v), atol=1e-5)
    recorded = ctypes.CDLL(str(path))
    recorded.stand_in_stream.restype = ctypes.c_void_p
    recorded.stand_in_ffts.restype = ctypes.c_int64
    assert recorded.stand_in_stream() == STREAM
    assert recorded.stand_in_block_dim() == 2
    assert recorded.stand_in_ffts() == 0xFF75


def test_both_entries_of_a_split_are_launched_one_behind_the_other(torch: FakeTorch, tmp_path: Path) -> None:
    """On as many cores, a unit each, with the same scratch: FIFOs of each core and partial results."""
    config = KernelConfig(kv_split=2)
    inputs, path = make_inputs("normal", 256, 1536, seed=0), build_stand_in(tmp_path, config, backend="npu")
    backend = AttentionBackend(NpuBackend(KernelLibrary(path, config.knobs), torch), config)
    out = backend.launch(*_on_device(backend, inputs))
    np.testing.assert_allclose(out.array, attention_reference(inputs.q, inputs.k, inputs.v), atol=1e-5)
    recorded = ctypes.CDLL(str(path))
    assert (recorded.stand_in_combined(), recorded.stand_in_block_dim()) == (1, 4)
    assert f"empty {scratch_bytes(config, LaunchShape(256, 1536), 4)} uint8 on npu:0" in torch.log


def test_calls_come_in_order_and_the_allocator_is_told_of_every_buffer(
    backend: AttentionBackend, torch: FakeTorch, inputs: AttentionInputs
) -> None:
    q, k, v = _on_device(backend, inputs)
    backend.launch(q, k, v)
    slot_bytes = 2 * fifo_bytes_per_core(CONFIG)
    assert torch.log == [
        "empty (256, 128) float32 on npu:0",
        f"empty {slot_bytes} uint8 on npu:0",
        f"record slots on {STREAM:#x}",
        *[f"record torch.float16 on {STREAM:#x}"] * 3,
        f"record out on {STREAM:#x}",
    ]


def test_a_launch_does_not_wait_but_reading_the_result_does(
    backend: AttentionBackend, torch: FakeTorch, inputs: AttentionInputs
) -> None:
    out = backend.launch(*_on_device(backend, inputs))
    assert "synchronize" not in torch.log
    assert "cpu" not in torch.log
    backend.to_numpy(out)
    backend.synchronize()
    assert torch.log[-2:] == ["cpu", "synchronize"]


def test_slots_are_allocated_once_per_shape_and_stream(
    backend: AttentionBackend, torch: FakeTorch, inputs: AttentionInputs
) -> None:
    bound = backend.bind(*_on_device(backend, inputs))
    for _ in range(3):
        bound.run()
    assert sum("uint8" in entry for entry in torch.log) == 1
    torch.npu.streams[0] = 0xBEE
    bound.run()
    assert sum("uint8" in entry for entry in torch.log) == 2
    assert torch.log[-1] == "record out on 0xbee"


def test_poison_reaches_slots_and_result(backend: AttentionBackend, inputs: AttentionInputs) -> None:
    bound = backend.bind(*_on_device(backend, inputs))
    bound.poison()
    assert np.isnan(bound.out.array).all()
    npu = backend.backend
    assert isinstance(npu, NpuBackend)
    plan = launch_plan(CONFIG, LaunchShape(256, 768), 2)
    (slots,) = npu.scratch("npu:0", STREAM, plan)
    assert (slots.array == 0xFF).all()


def test_no_more_cores_than_the_device_has(path: Path, torch: FakeTorch) -> None:
    torch.npu.cube_cores[0] = 1
    backend = _backend(path, torch)
    backend.bind(*_on_device(backend, make_inputs("normal", 256, 768, seed=0))).run()
    assert ctypes.CDLL(str(path)).stand_in_block_dim() == 1


def test_an_unknown_core_count_is_an_error_that_says_how_to_set_it(path: Path, torch: FakeTorch) -> None:
    torch.npu.cube_cores[0] = 0
    with pytest.raises(LibraryError, match="--cube_cores=24"):
        _backend(path, torch)
    assert _backend(path, torch, 12).backend.cube_cores(FakeTensor(np.zeros(1), [], "npu:0")) == 12


def test_a_refused_launch_raises_with_code_and_reason(
    tmp_path: Path, torch: FakeTorch, inputs: AttentionInputs
) -> None:
    failing = build_stand_in(tmp_path, CONFIG, backend="npu", switches={"STAND_IN_FAILS": 1})
    backend = _backend(failing, torch)
    with pytest.raises(KernelError, match=r"(?s)failed with code 507899:\nrtGetC2cCtrlAddr"):
        backend.launch(*_on_device(backend, inputs))
    assert not any(entry.startswith("record") for entry in torch.log)


def test_tensors_of_the_host_are_refused(backend: AttentionBackend, torch: FakeTorch, inputs: AttentionInputs) -> None:
    q, k, v = (torch.from_numpy(array) for array in (inputs.q, inputs.k, inputs.v))
    with pytest.raises(ValueError, match=r"are on cpu; the npu backend takes tensors on the device"):
        backend.bind(q, k, v)
    with pytest.raises(ValueError, match=r"q is on npu:0, k on cpu, v on cpu; all three must be on one device"):
        backend.bind(q.npu(), k, v)


def test_tensors_of_several_devices_are_refused(
    backend: AttentionBackend, torch: FakeTorch, inputs: AttentionInputs
) -> None:
    q, k, v = (torch.from_numpy(array) for array in (inputs.q, inputs.k, inputs.v))
    with pytest.raises(ValueError, match=r"q is on npu:0, k on npu:1, v on npu:0; all three must be on one device"):
        backend.bind(q.npu(), k.npu(1), v.npu())
    out = torch.empty((256, 128), dtype="float32", device="npu:1")
    with pytest.raises(
        ValueError,
        match=r"out is float32 \[256, 128\] on npu:1, contiguous; the result needs float32 \[256, 128\] on npu:0,",
    ):
        backend.bind(q.npu(), k.npu(), v.npu(), out)


def test_a_launch_belongs_to_the_device_of_its_tensors(
    backend: AttentionBackend, torch: FakeTorch, inputs: AttentionInputs, path: Path
) -> None:
    torch.npu.streams[1] = 0xD1E
    torch.npu.cube_cores[1] = 1
    out = backend.launch(*(torch.from_numpy(array).npu(1) for array in (inputs.q, inputs.k, inputs.v)))
    recorded = ctypes.CDLL(str(path))
    recorded.stand_in_stream.restype = ctypes.c_void_p
    assert (recorded.stand_in_stream(), recorded.stand_in_block_dim()) == (0xD1E, 1)
    assert torch.log == [
        "empty (256, 128) float32 on npu:1",
        "device 1",
        f"empty {fifo_bytes_per_core(CONFIG)} uint8 on npu:1",
        "record slots on 0xd1e",
        *["record torch.float16 on 0xd1e"] * 3,
        "record out on 0xd1e",
    ]
    assert torch.npu.current_device() == 0
    assert out.device == "npu:1"


def test_devices_do_not_share_slots(backend: AttentionBackend, torch: FakeTorch, inputs: AttentionInputs) -> None:
    for device in (0, 1, 0, 1):
        backend.launch(*(torch.from_numpy(array).npu(device) for array in (inputs.q, inputs.k, inputs.v)))
    slots = [entry for entry in torch.log if "uint8" in entry]
    assert [entry.split()[-1] for entry in slots] == ["npu:0", "npu:1"]


def test_the_result_of_many_heads_is_on_the_device_of_q(
    backend: AttentionBackend, torch: FakeTorch, inputs: AttentionInputs
) -> None:
    assert backend.empty_like(torch.from_numpy(inputs.q[None, None]).npu(1)).device == "npu:1"


def test_a_wrong_out_is_refused(backend: AttentionBackend, torch: FakeTorch, inputs: AttentionInputs) -> None:
    q, k, v = _on_device(backend, inputs)
    with pytest.raises(
        ValueError, match=r"out is float32 \[128, 128\] on npu:0, contiguous; the result needs .*\[256,"
    ):
        backend.bind(q, k, v, torch.empty((128, 128), dtype="float32", device="npu"))


def test_a_host_library_is_refused(tmp_path: Path, torch: FakeTorch) -> None:
    library = KernelLibrary(build_stand_in(tmp_path, CONFIG), CONFIG.knobs)
    with pytest.raises(LibraryError, match="build it with --config=npu"):
        NpuBackend(library, torch)


def _install(monkeypatch: pytest.MonkeyPatch, torch: FakeTorch, torch_npu_version: str = "2.13.0.post1") -> None:
    for name in ("torch", "torch_npu"):
        module = ModuleType(name)
        module.__dict__.update({key: getattr(torch, key) for key in ("npu", "empty", "uint8", "float32", "from_numpy")})
        module.__dict__["__version__"] = "2.13.0+cpu" if name == "torch" else torch_npu_version
        monkeypatch.setitem(sys.modules, name, module)


def test_auto_takes_the_device_and_says_why(path: Path, torch: FakeTorch, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, torch)
    opened = open_backend(CONFIG, path=path)
    assert opened.backend.name == "npu"
    assert opened.why == "npu (auto: fa_s1tile256.so is built for the device, and Fake910 is usable)"


def test_without_a_device_the_error_says_what_to_check(torch: FakeTorch, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.npu.available = False
    _install(monkeypatch, torch)
    with pytest.raises(LibraryError, match=r"npu-smi info.*without --config=npu"):
        import_torch_npu()


def test_what_torch_npu_itself_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "torch_npu"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "torch.py").write_text(
        "try:\n    raise ImportError('libhccl.so: cannot open shared object file')\n"
        "except ImportError as error:\n    raise RuntimeError('Failed to load the backend extension') from error\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        LibraryError, match=r"failed: libhccl\.so: cannot open shared object file; source CANN's set_env"
    ):
        import_torch_npu()


def test_torch_npu_of_another_minor_version_is_refused(torch: FakeTorch, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, torch, "2.12.0")
    with pytest.raises(
        LibraryError, match=r"torch is 2\.13\.0\+cpu and torch_npu is 2\.12\.0; .* install torch_npu 2\.13,"
    ):
        import_torch_npu()


def test_without_torch_npu_the_error_says_what_to_install(
    path: Path, torch: FakeTorch, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(monkeypatch, torch)
    monkeypatch.setitem(sys.modules, "torch_npu", None)
    with pytest.raises(LibraryError, match="install torch_npu"):
        open_backend(CONFIG, path=path)


def test_asking_for_the_host_with_a_device_library_is_refused(path: Path) -> None:
    with pytest.raises(LibraryError, match="without --config=npu"):
        open_backend(CONFIG, Choice("host"), path=path)


def test_an_order_of_simulated_cores_is_refused_for_a_device_library(path: Path) -> None:
    with pytest.raises(LibraryError, match=r"--interleave=3 orders the simulated cores of the host, but fa_s1tile256"):
        open_backend(CONFIG, Choice(interleave=3), path=path)
