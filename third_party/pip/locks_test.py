"""The lock files agree: one version of a distribution everywhere, and torch_npu's minor version is torch's."""

import re
from pathlib import Path

import pytest

LOCKS = sorted(Path(__file__).parent.glob("requirements_*.txt"))


def _pins(lock: Path) -> dict[str, str]:
    lines = [line.removesuffix("\\").strip() for line in lock.read_text(encoding="utf-8").splitlines()]
    wanted = [line for line in lines if line and not line.startswith(("#", "--hash="))]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in wanted), wanted
    return dict(line.split("==") for line in wanted)


def test_all_locks_are_read() -> None:
    assert [lock.stem for lock in LOCKS] == ["requirements_lock", "requirements_torch", "requirements_torch_npu"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_distribution_has_the_same_version_in_every_lock(lock: Path) -> None:
    pins = _pins(lock)
    for other in LOCKS:
        shared = {name: version for name, version in _pins(other).items() if name in pins}
        assert shared == {name: pins[name] for name in shared}, other.name


def test_torch_npu_has_the_minor_version_of_torch() -> None:
    pins = _pins(LOCKS[-1])
    assert pins["torch-npu"].split(".")[:2] == pins["torch"].split(".")[:2]
