"""//flash_atten:launch as its user meets it: files in, file out, and one paragraph for every mistake."""

from pathlib import Path

import numpy as np
import pytest

from cli.testing import run_program
from flash_atten.check_inputs import make_inputs
from flash_atten.config import KernelConfig
from flash_atten.reference import attention_reference
from flash_atten.stand_in import build_stand_in

LAUNCH = "flash_atten.launch"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"--library={build_stand_in(tmp_path_factory.mktemp('so'), KernelConfig())}"


def test_npy_in_npy_out(library: str, tmp_path: Path) -> None:
    inputs = make_inputs("normal", 128, 768, seed=3)
    for name in ("q", "k", "v"):
        np.save(tmp_path / f"{name}.npy", getattr(inputs, name))
    done = run_program(
        LAUNCH, library, "--q_npy=q.npy", "--k_npy=k.npy", "--v_npy=v.npy", "--out=o.npy", directory=tmp_path
    )
    assert done.returncode == 0, done.stderr
    out = np.load(tmp_path / "o.npy")
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, attention_reference(inputs.q, inputs.k, inputs.v), atol=1e-5)
    assert "host time" in done.stdout


def test_paths_are_relative_to_where_bazel_run_was_called(library: str, tmp_path: Path) -> None:
    env = {"BUILD_WORKING_DIRECTORY": str(tmp_path)}
    done = run_program(LAUNCH, library, "--s1=768", "--q_rows=128", "--out=o.npy", directory=Path("/"), env=env)
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "o.npy").shape == (128, 128)


def test_a_flag_of_the_device_is_refused_on_the_host(library: str, tmp_path: Path) -> None:
    done = run_program(LAUNCH, library, "--s1=768", "--q_rows=128", "--cube_cores=3", directory=tmp_path)
    assert done.returncode == 1
    assert "--cube_cores=3 is about the device" in " ".join(done.stderr.split())


def test_a_library_that_is_given_says_its_own_knobs(tmp_path: Path) -> None:
    """For s1 = 2048 the automatic tile is 256, and the preload of the programs is 3."""
    config = KernelConfig(s1_tile=512, qk_preload=4)
    library = f"--library={build_stand_in(tmp_path, config)}"
    done = run_program(LAUNCH, library, "--s1=2048", "--q_rows=128", directory=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run_program(LAUNCH, library, "--s1=2048", "--q_rows=128", "--s1_tile=256", directory=tmp_path)
    assert done.returncode == 1
    assert "built with s1_tile = 512, but s1_tile = 256" in " ".join(done.stderr.split())
    done = run_program(LAUNCH, library, "--s1=1024", "--q_rows=128", directory=tmp_path)
    assert done.returncode == 2
    assert "s1 must be at least s1_tile * qk_preload = 2048" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--s1=1000"], "s1 = 1000 is not supported"),
        (["--s1=512"], "s1 must be at least s1_tile * qk_preload = 768"),
        (["--q_rows=100"], "q_rows = 100 is not supported"),
        (["--qk_preload=5"], "qk_preload = 5 is not supported"),
        (["--s1_tile=384"], "s1_tile = 384 is not supported"),
        (["--s1_tile=wide"], "s1_tile = 'wide' is not supported: use auto, 256 or 512"),
        (["--s1=1280000000000000000000000000"], "give at most 2147483648 rows"),
        (["--s1=1024", "--q_rows=1280000000000000000000000000"], "give at most 2147483648 rows"),
        (
            ["--q_npy=q.npy", "--k_npy=k.npy", "--v_npy=v.npy", "--s1=768", "--seed=1"],
            "--s1, --seed is for random inputs",
        ),
        (["--kind=odd"], "--kind=odd"),
        (["--q_npy=q.npy"], "--k_npy and --v_npy missing"),
        (["--q_npy=no.npy", "--k_npy=no.npy", "--v_npy=no.npy"], "no.npy cannot be read"),
        (["--out=/no/such/folder/o.npy"], "there is no folder"),
        (["--seed=-1"], "--seed=-1"),
    ],
)
def test_mistakes_are_one_paragraph_and_exit_code_2(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = run_program(LAUNCH, *arguments, directory=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr.replace("\n", " ")
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"1 2 3\n", "is not a .npy file"),
        (b"", "is not a .npy file"),
        (b"\x93NUMPY\x01\x00\x10\x00{'descr': <f2}   ", "is a damaged .npy file"),
        (b"\x93NUMPY\x01\x00\x76\x00" + b"{" * 118, "is a damaged .npy file"),
        (b"\x93NUMPY\x09\x09", "is a damaged .npy file"),
        (b"PK\x03\x04", "is an archive of arrays"),
    ],
)
def test_a_damaged_file_is_a_sentence_without_dangerous_advice(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    done = run_program(LAUNCH, "--q_npy=x.npy", "--k_npy=x.npy", "--v_npy=x.npy", directory=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert "pickle" not in done.stderr


def test_python_objects_are_not_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    done = run_program(LAUNCH, "--q_npy=x.npy", "--k_npy=x.npy", "--v_npy=x.npy", directory=tmp_path)
    assert done.returncode == 2
    assert "holds Python objects" in done.stderr
    assert "pickle" not in done.stderr


def test_operands_are_not_overwritten(tmp_path: Path) -> None:
    for name, rows in (("q", 128), ("k", 768), ("v", 768)):
        np.save(tmp_path / f"{name}.npy", np.zeros((rows, 128), np.float16))
    before = (tmp_path / "q.npy").read_bytes()
    operands = ("--q_npy=q.npy", "--k_npy=k.npy", "--v_npy=v.npy")
    for arguments in ((*operands, "--out=q.npy"), ("--s1=768", "--out=q.npy")):
        done = run_program(LAUNCH, *arguments, directory=tmp_path)
        assert done.returncode == 2
        assert "cannot be written" in done.stderr
    assert (tmp_path / "q.npy").read_bytes() == before


def test_a_file_of_another_dtype_is_refused(library: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((768, 128), np.float32))
    done = run_program(LAUNCH, library, "--q_npy=x.npy", "--k_npy=x.npy", "--v_npy=x.npy", directory=tmp_path)
    assert done.returncode == 2
    assert "q is float32; the kernel takes float16" in done.stderr


def test_a_failing_kernel_is_exit_code_1_with_the_report(tmp_path: Path) -> None:
    failing = build_stand_in(tmp_path, KernelConfig(), switches={"STAND_IN_FAILS": 1})
    done = run_program(LAUNCH, f"--library={failing}", "--s1=768", "--q_rows=128")
    assert done.returncode == 1
    assert "block 0 vec0 waits in TPOP at line 12" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_other_backend_is_refused_by_name(library: str) -> None:
    done = run_program(LAUNCH, library, "--backend=npu")
    assert done.returncode == 1
    assert "built for the host backend" in done.stderr
