"""A library is found by its knobs, loaded, and believed only after it has said what it is."""

import json
from pathlib import Path

import pytest

from flash_atten.config import KernelConfig
from flash_atten.launch_library import BuildInfo, KernelLibrary, LibraryError, library_name, library_path
from flash_atten.stand_in import build_info, build_stand_in


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (KernelConfig(), "fa_s1tile256"),
        (KernelConfig(s1_tile=512), "fa_s1tile512"),
        (KernelConfig(qk_preload=4), "fa_s1tile256_preload4"),
        (KernelConfig(s1_tile=512, qk_preload=4), "fa_s1tile512_preload4"),
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
    library = KernelLibrary(build_stand_in(tmp_path, KernelConfig(qk_preload=4)), KernelConfig(qk_preload=4))
    assert (library.info.s1_tile, library.info.qk_preload, library.info.backend) == (256, 4, "host")
    assert library.info.fields()["compiler"] == "g++ (stand-in)"


@pytest.mark.parametrize("knob", ["s1_tile", "qk_preload", "kv_split"])
def test_other_knobs_than_asked_for_are_refused(knob: str) -> None:
    info = BuildInfo.parse(json.dumps(build_info(KernelConfig()) | {knob: 7}))
    with pytest.raises(LibraryError, match=rf"built with {knob} = 7, but {knob} = "):
        info.check(KernelConfig())


def test_a_library_that_only_records_is_refused() -> None:
    info = BuildInfo.parse(json.dumps(build_info(KernelConfig()) | {"mode": "trace"}))
    with pytest.raises(LibraryError, match=r"built in mode trace.*take fa_s1tile256\.so"):
        info.check(KernelConfig())


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"name": "x", "backend": "host", "s1_tile": "wide", "qk_preload": 3, "kv_split": 1}']
)
def test_unreadable_build_info_is_refused(text: str) -> None:
    with pytest.raises(LibraryError, match="build info cannot be read"):
        BuildInfo.parse(text)


def test_a_file_that_is_no_library_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fa_s1tile256.so"
    path.write_text("not ELF")
    with pytest.raises(LibraryError, match=r"fa_s1tile256\.so does not load"):
        KernelLibrary(path, KernelConfig())


def test_a_library_without_the_symbols_is_refused() -> None:
    with pytest.raises(LibraryError, match="call_kernel"):
        KernelLibrary(Path("libc.so.6"), KernelConfig())
