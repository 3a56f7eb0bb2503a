"""Two machines' outputs: everything is compared where the tools are the same, else what no tool of theirs made."""

import argparse
import dataclasses
from pathlib import Path

import pytest

from proofs.digests import Digests, DigestsError, compare_machines, digests_file
from proofs.harness.checkout import Checkout
from proofs.harness.steps import CheckFailed

OURS = Digests(
    {"compiler": {"version": "12"}, "python": "3.11"},
    {"k8-fastbuild/bin/a/k.mlir": "1", "k8-fastbuild/bin/a/k.so": "2", "k8-fastbuild/bin/external/pip/x.cpp": "3"},
)


def elsewhere(compiler: str, **changed: str) -> Digests:
    """The digests of a machine with this compiler, `mlir`, `so` or `cpp` replaced."""
    outputs = {name: changed.get(name.rpartition(".")[2], digest) for name, digest in OURS.outputs.items()}
    return Digests({**OURS.tools, "compiler": {"version": compiler}}, outputs)


def test_machines_with_the_same_tools_must_make_the_same_of_everything() -> None:
    assert compare_machines(elsewhere("12"), OURS).startswith("3 outputs are the same")
    with pytest.raises(CheckFailed, match=r"1 of 3 outputs differ:\nk8-fastbuild/bin/a/k\.so: differs"):
        compare_machines(elsewhere("12", so="9"), OURS)


def test_machines_with_other_compilers_must_generate_the_same_text() -> None:
    found = compare_machines(elsewhere("13", so="9", cpp="9"), OURS)
    assert found == "another compiler there, so generated text only: 1 outputs are the same (1 .mlir, 0 others)"
    with pytest.raises(CheckFailed, match=r"a/k\.mlir: differs"):
        compare_machines(elsewhere("13", mlir="9"), OURS)


def test_the_architecture_is_not_part_of_what_is_generated() -> None:
    arm = {name.replace("k8", "aarch64"): digest for name, digest in OURS.outputs.items()}
    compare_machines(dataclasses.replace(elsewhere("12 for Arm"), outputs=arm), OURS)


def test_digests_survive_a_round_trip(tmp_path: Path) -> None:
    OURS.write(tmp_path / "digests.json")
    assert Digests.read(tmp_path / "digests.json") == OURS
    assert digests_file(str(tmp_path / "digests.json")) == OURS


def test_outputs_of_other_sources_are_no_reference(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    checkout = Checkout(tmp_path, tmp_path / "out", {})
    made = dataclasses.replace(OURS, sources=checkout.sources_digest())
    assert made.expect_sources(checkout).startswith("sources ")
    (tmp_path / "a.py").write_text("2")
    with pytest.raises(CheckFailed, match="of other sources; write it again"):
        made.expect_sources(checkout)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tools": 1, "outputs": {}}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "digests.json").write_text(text)
    with pytest.raises(DigestsError, match="no digests of a machine"):
        Digests.read(tmp_path / "digests.json")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DigestsError, match="No such file"):
        Digests.read(tmp_path / "digests.json")
    with pytest.raises(argparse.ArgumentTypeError, match=r"it cannot be read .*; write the file with --json"):
        digests_file(str(tmp_path / "digests.json"))
