"""What is told of the device: versions in any case, devices or why there is none."""

import sys
from types import ModuleType

import pytest

from kernels.device import report
from kernels.fake_npu import FakeTorch


def _install(monkeypatch: pytest.MonkeyPatch, torch: FakeTorch) -> None:
    for name in ("torch", "torch_npu"):
        module = ModuleType(name)
        module.__dict__.update({"npu": torch.npu, "from_numpy": torch.from_numpy, "__version__": "2.8.0"})
        monkeypatch.setitem(sys.modules, name, module)


def test_every_device_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, FakeTorch())
    found = report()
    assert found["problem"] == ""
    assert [entry["device"] for entry in found["devices"]] == ["npu:0", "npu:1"]
    assert found["devices"][1] == {"device": "npu:1", "name": "Fake910", "cube_cores": 20}


def test_without_torch_npu_the_reason_and_the_versions_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, FakeTorch())
    monkeypatch.setitem(sys.modules, "torch_npu", None)
    found = report()
    assert found["devices"] == []
    assert "install torch_npu for your CANN" in found["problem"]
    assert found["distributions"]["numpy"].startswith("2.")
    assert found["distributions"]["torch-npu"] == "not there"


def test_a_torch_that_does_not_know_this_numpy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def from_numpy(array: object) -> object:
        raise RuntimeError("Numpy is not available")

    torch = FakeTorch()
    monkeypatch.setattr(torch, "from_numpy", from_numpy)
    _install(monkeypatch, torch)
    assert "torch 2.8.0 cannot use this build's numpy" in report()["problem"]
