"""Host launches on a stand-in library: results, buffers, and every operand that is refused."""

import ctypes
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from flash_atten.backend import AttentionBackend, open_backend
from flash_atten.check_inputs import AttentionInputs, make_inputs
from flash_atten.config import KernelConfig, LaunchShape
from flash_atten.fifo import fifo_bytes_per_core
from flash_atten.plan import block_dim, launch_plan
from flash_atten.reference import attention_reference
from flash_atten.stand_in import build_info, build_stand_in
from isa.a3 import CUBE_CORES
from kernels.backend import Choice
from kernels.host import HostBackend, HostLaunch
from kernels.host_scratch import LINE_BYTES
from kernels.library import KernelError, KernelLibrary, LibraryError

CONFIG = KernelConfig()


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> AttentionBackend:
    return open_backend(CONFIG, path=build_stand_in(tmp_path_factory.mktemp("so"), CONFIG)).backend


@pytest.fixture(scope="module")
def inputs() -> AttentionInputs:
    return make_inputs("normal", 128, 768, seed=0)


def test_result_is_attention(backend: AttentionBackend, inputs: AttentionInputs) -> None:
    out = backend.launch(inputs.q, inputs.k, inputs.v)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, attention_reference(inputs.q, inputs.k, inputs.v), atol=1e-5)


def test_c_programs_get_the_same(backend: AttentionBackend, inputs: AttentionInputs) -> None:
    bound = backend.bind(inputs.q, inputs.k, inputs.v)
    bound.run()
    out, slots = np.empty_like(bound.out), np.empty(fifo_bytes_per_core(CONFIG), np.uint8)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (slots, inputs.q, inputs.k, inputs.v, out)]
    library = ctypes.CDLL(str(backend.library.path))
    assert library.call_kernel(1, None, *pointers, ctypes.c_int64(128), ctypes.c_int64(768)) == 0
    assert np.array_equal(out, bound.out)


def test_a_given_out_is_filled_in_place(backend: AttentionBackend, inputs: AttentionInputs) -> None:
    out = np.full((128, 128), np.nan, dtype=np.float32)
    assert backend.launch(inputs.q, inputs.k, inputs.v, out) is out
    assert np.isfinite(out).all()


def test_a_bound_launch_sees_new_values_of_its_operands(backend: AttentionBackend, inputs: AttentionInputs) -> None:
    v = inputs.v.copy()
    bound = backend.bind(inputs.q, inputs.k, v)
    bound.run()
    first = bound.out.copy()
    v *= 2
    bound.poison()
    bound.run()
    np.testing.assert_allclose(bound.out, 2 * first, rtol=1e-5)


def test_slots_begin_where_lines_of_the_cache_do(backend: AttentionBackend, inputs: AttentionInputs) -> None:
    for _ in range(8):  # by chance one in four does
        launch = backend.bind(inputs.q, inputs.k, inputs.v).launch
        assert isinstance(launch, HostLaunch)
        assert all(part.ctypes.data % LINE_BYTES == 0 for part in launch.scratch)


def test_a_launch_has_the_slots_of_one_that_is_gone(backend: AttentionBackend, inputs: AttentionInputs) -> None:
    def slots() -> int:
        launch = backend.bind(inputs.q, inputs.k, inputs.v).launch
        assert isinstance(launch, HostLaunch)
        return int(launch.scratch[0].ctypes.data)

    living = backend.bind(inputs.q, inputs.k, inputs.v).launch
    assert isinstance(living, HostLaunch)
    assert slots() == slots() != living.scratch[0].ctypes.data


def test_slots_are_sized_for_the_cores_in_use() -> None:
    for blocks, cores in ((1, 1), (23, 23), (25, CUBE_CORES)):
        shape = LaunchShape(128 * blocks, 768)
        plan = launch_plan(CONFIG, shape, block_dim(CONFIG, shape, CUBE_CORES))
        assert (plan.block_dim, plan.scratch_bytes) == (cores, cores * fifo_bytes_per_core(CONFIG))


def _broken(inputs: AttentionInputs) -> dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]]:
    q, k, v = inputs.q, inputs.k, inputs.v
    return {
        r"q is float32; the kernel takes float16": (q.astype(np.float32), k, v),
        r"k is float16 in foreign byte order": (q, k.astype(k.dtype.newbyteorder()), v),
        r"q has shape \[128, 64\]": (np.ascontiguousarray(q[:, :64]), k, v),
        r"v has shape \[1, 768, 128\]": (q, k, v[None]),
        r"k is not contiguous": (q, np.asfortranarray(k), v),
        r"q is not contiguous": (np.repeat(q, 2, axis=0)[::2], k, v),
        r"k has shape \[768, 128\] and v has \[512, 128\]": (q, k, v[:512]),
        r"q_rows = 100": (q[:100], k, v),
        r"s1 = 700": (q, k[:700], v[:700]),
        r"s1 = 512 .* at least": (q, k[:512], v[:512]),
    }


@pytest.mark.parametrize("case", range(10))
def test_wrong_operands_are_refused_by_name(backend: AttentionBackend, inputs: AttentionInputs, case: int) -> None:
    words, operands = list(_broken(inputs).items())[case]
    with pytest.raises(ValueError, match=words):
        backend.bind(*operands)


def test_lists_are_refused(backend: AttentionBackend, inputs: AttentionInputs) -> None:
    with pytest.raises(ValueError, match="q is a list"):
        backend.bind(inputs.q.tolist(), inputs.k, inputs.v)


@pytest.mark.parametrize(
    "out",
    [np.zeros((128, 128)), np.zeros((256, 128), np.float32), np.zeros((128, 128), np.float32, order="F")],
    ids=["dtype", "shape", "order"],
)
def test_a_wrong_out_is_refused(backend: AttentionBackend, inputs: AttentionInputs, out: npt.NDArray[Any]) -> None:
    with pytest.raises(ValueError, match=r"out is .*; the result needs float32 \[128, 128\] on cpu, contiguous"):
        backend.bind(inputs.q, inputs.k, inputs.v, out)


def test_a_failing_kernel_raises_with_the_runtimes_report(tmp_path: Path, inputs: AttentionInputs) -> None:
    failing = open_backend(CONFIG, path=build_stand_in(tmp_path, CONFIG, switches={"STAND_IN_FAILS": 1})).backend
    with pytest.raises(KernelError, match=r"(?s)fa_s1tile256 failed:\ndeadlock.*vec0 waits in TPOP at line 12"):
        failing.launch(inputs.q, inputs.k, inputs.v)


def test_a_device_library_is_refused(tmp_path: Path) -> None:
    library = KernelLibrary(build_stand_in(tmp_path, CONFIG, backend="npu"), CONFIG.knobs)
    with pytest.raises(LibraryError, match="built for the npu backend"):
        HostBackend(library)


def test_the_seed_of_an_order_of_cores_reaches_the_library(tmp_path: Path) -> None:
    path = build_stand_in(tmp_path, CONFIG)
    inputs = make_inputs("normal", 128, 768, seed=0)
    backend = open_backend(CONFIG, Choice(interleave=2**63 + 5), path=path).backend
    backend.launch(inputs.q, inputs.k, inputs.v)
    assert ctypes.c_uint64.in_dll(ctypes.CDLL(str(path)), "stand_in_seed").value == 2**63 + 5


@pytest.mark.parametrize(("says", "doubted"), [({"audited": False}, True), ({"audited": True}, False), ({}, False)])
def test_a_kernel_that_nobody_audited_is_said_to_be_so(tmp_path: Path, says: dict[str, bool], doubted: bool) -> None:
    path = build_stand_in(tmp_path, CONFIG, info=json.dumps({**build_info(CONFIG), **says}))
    assert ("NOT AUDITED, since it was built with --no//flash_atten:audit" in open_backend(CONFIG, path=path).why) == (
        doubted
    )


def test_how_the_host_computes_reaches_the_library(tmp_path: Path) -> None:
    path = build_stand_in(tmp_path, CONFIG)
    inputs = make_inputs("normal", 128, 768, seed=0)
    opened = open_backend(CONFIG, Choice(cpu="slow", threads=3, fill=False), path=path)
    assert "loops for slow, memories not filled with NaN" in opened.why
    opened.backend.launch(inputs.q, inputs.k, inputs.v)
    library = ctypes.CDLL(str(path))
    assert ctypes.c_uint32.in_dll(library, "stand_in_threads").value == 3
    assert ctypes.c_int.in_dll(library, "stand_in_fill").value == 0
    assert (ctypes.c_char * 32).in_dll(library, "stand_in_cpu").value == b"slow"


def test_a_level_that_the_cpu_has_not_is_refused_before_a_launch(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="--cpu=other is no level that this machine has; it has fast, slow"):
        open_backend(CONFIG, Choice(cpu="other"), path=build_stand_in(tmp_path, CONFIG))
