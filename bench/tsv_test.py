"""The TSV file has the vendor's columns; runs append to it, and a file of someone else is left alone."""

from pathlib import Path

import pytest

from bench.row import FAILED, Turns
from bench.sample_rows import row
from bench.stats import Ratio
from bench.tsv import HEADER, append_tsv, check_tsv, tsv_text

FAILED_ROW = row(4096, status=FAILED, timings={}, speedups={}, errors={}, reference="", note="deadlock:\n  vec0 waits")


def test_the_file_has_the_columns_of_the_vendors_harness(tmp_path: Path) -> None:
    append_tsv(tmp_path / "r.tsv", [row(), FAILED_ROW])
    header, first, failed = (tmp_path / "r.tsv").read_text().splitlines()
    names = "case_id q_rows seq_len tiles status fa_us fa_tflops fused_us fused_tflops speedup"
    assert header.split("\t")[:14] == [*names.split(), "err_kernel", "err_fused", "ref", "note"]
    assert header.split("\t")[14:] == [
        "s1_tile",
        "qk_preload",
        "kv_split",
        "schedule",
        "removed_barriers",
        "library",
        "turns",
    ]
    cells = dict(zip(header.split("\t"), first.split("\t"), strict=True))
    assert (cells["fa_us"], cells["fused_us"], cells["speedup"], cells["tiles"]) == (
        "11000.00",
        "22000.00",
        "2.0000",
        "4",
    )
    assert cells["note"] == "host wall; fused = sdpa_fp16"
    assert [cells[name] for name in ("s1_tile", "qk_preload", "kv_split")] == ["256", "3", "1"]
    assert [cells[name] for name in ("removed_barriers", "library", "turns")] == ["gu", "fa_s1tile256", ""]
    append_tsv(tmp_path / "device.tsv", [row(backend="npu", timing="event", cache="cold")])
    assert "\tnpu event cold; fused = " in (tmp_path / "device.tsv").read_text()
    cells = dict(zip(header.split("\t"), failed.split("\t"), strict=True))
    assert (cells["status"], cells["fa_us"], cells["note"]) == ("failed", "", "host wall; deadlock: vec0 waits")


def test_rows_are_added_below_one_header(tmp_path: Path) -> None:
    path = tmp_path / "r.tsv"
    path.touch()
    append_tsv(path, [row()])
    append_tsv(path, [row(2048), row(4096)])
    check_tsv(path)
    lines = path.read_text().splitlines()
    assert lines[0] == HEADER
    assert [line.split("\t")[0] for line in lines[1:]] == ["1024x1024", "2048x2048", "4096x4096"]


@pytest.mark.parametrize("content", [b"case_id\tmine\n", b"\xff\xfe", HEADER.encode() + b"\tmore\n"])
def test_another_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.tsv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"mine\.tsv has other columns"):
        check_tsv(path)
    with pytest.raises(ValueError, match=r"mine\.tsv has other columns"):
        append_tsv(path, [row()])
    assert path.read_bytes() == content


def test_the_text_is_what_the_file_holds(tmp_path: Path) -> None:
    rows = [row(), row(2048, turns=Turns("tile 256", Ratio(0.9, 0.8, 1.0)))]
    append_tsv(tmp_path / "r.tsv", rows)
    assert tsv_text(rows) == (tmp_path / "r.tsv").read_text()
    assert "0.9000 of tile 256" in tsv_text(rows)
