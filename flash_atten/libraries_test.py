"""A library is found by its knobs, loaded, and believed only after it has said what it is."""

import _ctypes
from pathlib import Path

import pytest

from flash_atten.config import KernelConfig
from flash_atten.libraries import library_name, library_path
from flash_atten.plan import kernel_entries
from flash_atten.stand_in import build_stand_in
from kernels.library import KernelLibrary, LibraryError


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (KernelConfig(), "fa_s1tile256"),
        (KernelConfig(s1_tile=512), "fa_s1tile512"),
        (KernelConfig(qk_preload=4), "fa_s1tile256_preload4"),
        (KernelConfig(s1_tile=512, qk_preload=4), "fa_s1tile512_preload4"),
        (KernelConfig(s1_tile=512, qk_preload=4, schedule="fast"), "fa_s1tile512_fast"),
    ],
)
def test_names_are_those_of_the_bazel_targets(config: KernelConfig, name: str) -> None:
    assert library_name(config) == name


def test_a_missing_library_says_what_is_there_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "fa_s1tile256.so").touch()
    with pytest.raises(
        LibraryError, match=r"no fa_s1tile512\.so .*fa_s1tile256\.so.*build //flash_atten:fa_s1tile512\.so"
    ):
        library_path(KernelConfig(s1_tile=512), tmp_path)
    assert library_path(KernelConfig(), tmp_path) == tmp_path / "fa_s1tile256.so"


def test_a_library_reports_what_it_was_built_with(tmp_path: Path) -> None:
    config = KernelConfig(qk_preload=4)
    library = KernelLibrary(build_stand_in(tmp_path, config), config.knobs)
    assert (library.info.knobs, library.info.backend) == (config.knobs, "host")
    assert KernelConfig.of(library.info.knobs) == config
    assert library.info.entries == kernel_entries(config)
    assert library.info.fields()["compiler"] == "g++ (stand-in)"


def test_a_file_that_is_no_library_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fa_s1tile256.so"
    path.write_text("not ELF")
    with pytest.raises(LibraryError, match=r"fa_s1tile256\.so does not load"):
        KernelLibrary(path)


def test_a_library_without_the_symbols_is_refused() -> None:
    with pytest.raises(LibraryError, match="pto_build_info"):
        KernelLibrary(Path(_ctypes.__file__))
