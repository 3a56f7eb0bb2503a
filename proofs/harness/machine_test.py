"""Another machine has another name and another user, or there is none."""

import subprocess

import pytest

from proofs.harness.machine import OTHER_HOST, OTHER_USER, other_machine


def test_programs_see_another_user_and_host() -> None:
    start = other_machine()
    if not start:
        pytest.skip("user namespaces are forbidden here")
    seen = subprocess.run([*start, "sh", "-c", "id -u; hostname"], check=True, capture_output=True, text=True).stdout
    assert seen.split() == [str(OTHER_USER), OTHER_HOST]
