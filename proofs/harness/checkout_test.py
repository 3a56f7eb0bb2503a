"""What is read from Bazel's log, and how outputs are compared."""

from pathlib import Path

import pytest

from proofs.harness.checkout import BazelRun, BuildError, Checkout, base_environment, differences, suffixes

LOG = """INFO: Elapsed time: 3.1s, Critical Path: 0.1s
INFO: 57 processes: 20 internal, 36 remote cache hit, 1 linux-sandbox.
INFO: Build completed successfully, 57 total actions
"""


def bazel_run(log: str, status: int = 0) -> BazelRun:
    return BazelRun(("bazel", "build"), status, 3.1, log)


def test_processes_are_counted_by_kind() -> None:
    assert bazel_run(LOG).processes() == {"internal": 20, "remote cache hit": 36, "linux-sandbox": 1}
    assert bazel_run("INFO: 1 process: 1 internal.\n").processes() == {"internal": 1}
    assert bazel_run("INFO: 0 processes.\n").processes() == {}


def test_an_action_that_was_executed_is_no_hit() -> None:
    assert bazel_run(LOG).other_than("remote cache hit") == {"linux-sandbox": 1}


def test_warnings_about_the_cache_are_found_with_their_reasons() -> None:
    log = "WARNING: option x\nWARNING: Writing to Remote Cache:\nDownloadTimeoutException: 5 s\nINFO: done\n"
    assert bazel_run(log).cache_warnings() == ["WARNING: Writing to Remote Cache: DownloadTimeoutException: 5 s"]


def test_a_failed_build_raises_with_the_end_of_its_log() -> None:
    with pytest.raises(BuildError, match="ended with 34:\ncache is gone"):
        bazel_run("cache is gone\n", status=34).expect_success()


def test_differences_name_every_output_that_is_not_the_same() -> None:
    assert differences({"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "4", "d": "5"}) == [
        "a: only in the first",
        "d: only in the second",
        "c: differs",
    ]


def test_suffixes_count_what_is_known_and_the_rest() -> None:
    assert suffixes({"a.so": "", "b.so": "", "x.cpp": "", "y": ""}) == "2 .so, 1 .cpp, 1 others"


def test_environment_has_nothing_of_the_caller_but_how_to_download(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example")
    monkeypatch.setenv("SECRET", "x")
    environment = base_environment(TZ="UTC")
    assert environment["PIP_INDEX_URL"] == "https://index.example"
    assert environment["TZ"] == "UTC"
    assert "SECRET" not in environment


def test_output_digests_leave_out_runfiles(tmp_path: Path) -> None:
    bin_dir = tmp_path / "execroot" / "ascend_fa" / "bazel-out" / "k8-fastbuild" / "bin"
    (bin_dir / "tool.runfiles").mkdir(parents=True)
    (bin_dir / "tool.runfiles" / "MANIFEST").write_text(str(tmp_path))
    (bin_dir / "tool.runfiles_manifest").write_text(str(tmp_path))
    (bin_dir / "tool").write_text("#!/bin/sh\n")
    assert list(Checkout(tmp_path, tmp_path, {}).output_digests()) == ["k8-fastbuild/bin/tool"]
