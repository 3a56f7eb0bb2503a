"""tools/bazel takes a supported Bazel wherever it is, installs Debian's if there is none, says what it cannot do."""

import os
import pty
import subprocess
import time
from pathlib import Path

import pytest

WRAPPER = Path("tools/bazel").resolve()
"""Its text is copied: the tests replace the place where Debian installs Bazel."""

DEBIAN_BAZEL = "DEBIAN_BAZEL=/usr/bin/bazel-4"


class Machine:
    """A directory with the wrapper, a PATH of its own, and the programs that a test puts there."""

    def __init__(self, directory: Path) -> None:
        self.tools, self.bin, self.debian = directory / "tools", directory / "bin", directory / "bazel-4"
        self.memory = directory / "shm"
        self.tools.mkdir()
        self.bin.mkdir()
        text = WRAPPER.read_text(encoding="utf-8")
        for old, new in (
            (DEBIAN_BAZEL, f"DEBIAN_BAZEL={self.debian}"),
            ("PATIENCE=10", "PATIENCE=1"),
            ("SHARED_MEMORY=/dev/shm", f"SHARED_MEMORY={self.memory}"),
            ("ROOM=4194304", "ROOM=1000"),
        ):
            assert old in text
            text = text.replace(old, new)
        self.wrapper = self.write(self.tools / "bazel", text)

    def write(self, path: Path, text: str) -> Path:
        """An executable file."""
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def add_bazel(self, name: str, version: str, directory: Path | None = None) -> Path:
        """A Bazel that tells its version, and otherwise its name and arguments."""
        script = f'#!/bin/sh\nif [ "$1" = --version ]; then echo "bazel {version}"; else echo "{name} $*"; fi\n'
        return self.write((directory or self.bin) / name, script)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Calls the wrapper with the machine's PATH; /usr/bin has the shell's tools but must not add a real Bazel."""
        variables = {"PATH": f"{self.bin}:{self.tools}:/usr/bin:/bin", "HOME": "/root", **environment}
        return subprocess.run(
            [self.wrapper, *arguments],
            env=variables,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def run_at_terminal(self, answer: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same with a person at the terminal who types `answer`."""
        person, terminal = pty.openpty()
        try:
            os.write(person, answer.encode())
            return subprocess.run(
                [self.wrapper, *arguments],
                env={"PATH": f"{self.bin}:{self.tools}:/usr/bin:/bin", "HOME": "/root"},
                check=False,
                stdin=terminal,
                capture_output=True,
                text=True,
            )
        finally:
            os.close(person)
            os.close(terminal)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    for name in ("bazel", "bazelisk"):  # hides those of this machine
        made.add_bazel(name, "0.1.0")
    return made


@pytest.mark.parametrize("version", ["4.2.1", "5.4.1", "no_version"])
def test_supported_bazel_on_path_is_started_with_all_arguments(machine: Machine, version: str) -> None:
    machine.add_bazel("bazel", version)
    assert machine.run("test", "//...", "--x=a b").stdout == "bazel test //... --x=a b\n"


@pytest.mark.parametrize("version", ["6.5.0", "7.6.1"])
def test_newer_bazel_gets_the_settings_that_older_ones_do_not_know(machine: Machine, version: str) -> None:
    machine.add_bazel("bazel", version)
    assert machine.run("info").stdout == f"bazel --bazelrc={machine.tools}/bazel6.bazelrc info\n"


@pytest.mark.parametrize(
    ("kind", "free", "own", "taken"),
    [
        ("tmpfs", 1000, "build --jobs=2", True),
        ("tmpfs", 999, "", False),
        ("ext2/ext3", 1000, "", False),
        ("tmpfs", 1000, "build --sandbox_base=/fast", False),
    ],
)
def test_sandboxes_are_in_memory_where_there_is_room(
    machine: Machine, kind: str, free: int, own: str, taken: bool
) -> None:
    machine.add_bazel("bazel", "4.2.3")
    machine.memory.mkdir()
    (machine.tools.parent / "user.bazelrc").write_text(own)
    machine.write(machine.bin / "stat", f"#!/bin/sh\necho {kind}\n")
    machine.write(machine.bin / "df", f"#!/bin/sh\necho head\necho tmpfs 5000 10 {free} 1% /dev/shm\n")
    option = f"--bazelrc={machine.tools}/in_memory.bazelrc " if taken else ""
    assert machine.run("info").stdout == f"bazel {option}info\n"
    assert machine.run(*option.split(), "info").stdout == f"bazel {option}info\n", (
        "said once, if a launcher calls twice"
    )


def test_unsupported_bazel_is_skipped_for_a_supported_bazelisk(machine: Machine) -> None:
    machine.add_bazel("bazel", "8.0.0")
    machine.add_bazel("bazelisk", "5.4.1")
    result = machine.run("info")
    assert result.stdout == "bazelisk info\n"
    assert "version '8.0.0', supported are 4.2, 5, 6 or 7" in result.stderr


def test_launcher_that_calls_the_wrapper_gets_its_own_bazel(machine: Machine) -> None:
    real = machine.add_bazel("real", "5.1.0")
    assert machine.run("info", BAZEL_REAL=str(real)).stdout == "real info\n"


def test_launcher_with_an_unsupported_bazel_is_told_what_to_do(machine: Machine) -> None:
    real = machine.add_bazel("real", "9.0.0")
    result = machine.run("info", BAZEL_REAL=str(real))
    assert result.returncode == 1
    assert "USE_BAZEL_VERSION" in result.stderr


def test_debian_bazel_outside_of_path_is_found(machine: Machine) -> None:
    machine.add_bazel("bazel-4", "no_version", machine.debian.parent)
    assert machine.run("info").stdout == "bazel-4 info\n"


def test_missing_bazel_is_installed_and_started(machine: Machine) -> None:
    bazel = machine.add_bazel("installed", "no_version")
    log = machine.bin / "log"
    machine.write(machine.bin / "id", "#!/bin/sh\necho 0\n")
    machine.write(machine.bin / "apt-get", f'#!/bin/sh\necho "$*" >> {log}\ncp {bazel} {machine.debian}\n')
    assert machine.run("info").stdout == "installed info\n"
    assert "install -y --no-install-recommends bazel-bootstrap" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(("answer", "installed"), [("y\n", True), ("yes\n", True), ("n\n", False), ("\n", False)])
def test_a_person_is_asked_before_bazel_is_installed(machine: Machine, answer: str, installed: bool) -> None:
    bazel = machine.add_bazel("installed", "no_version")
    log = machine.bin / "log"
    machine.write(machine.bin / "id", "#!/bin/sh\necho 0\n")
    machine.write(machine.bin / "apt-get", f'#!/bin/sh\necho "$*" >> {log}\ncp {bazel} {machine.debian}\n')
    result = machine.run_at_terminal(answer, "info")
    assert "install bazel-bootstrap" in result.stderr
    assert "with apt-get? [y/N]" in result.stderr
    assert log.exists() == installed
    assert result.stdout == ("installed info\n" if installed else "")
    assert ("nothing was installed" in result.stderr) != installed


def test_failed_installation_shows_the_reason(machine: Machine) -> None:
    machine.write(machine.bin / "id", "#!/bin/sh\necho 0\n")
    machine.write(machine.bin / "apt-get", "#!/bin/sh\necho 'E: no such package'\nexit 100\n")
    result = machine.run("info")
    assert result.returncode == 1
    assert "E: no such package" in result.stderr


def test_user_without_rights_is_told_the_command(machine: Machine) -> None:
    machine.write(machine.bin / "id", "#!/bin/sh\necho 1000\n")
    machine.write(machine.bin / "apt-get", "#!/bin/sh\nexit 1\n")
    machine.write(machine.bin / "sudo", "#!/bin/sh\nexit 1\n")
    result = machine.run("info")
    assert result.returncode == 1
    assert "sudo apt-get update && sudo apt-get install" in result.stderr


def test_home_is_found_when_unset(machine: Machine) -> None:
    # The user database of the test: a worker's need not have the user who runs the test.
    machine.write(machine.bin / "id", "#!/bin/sh\n[ $1 = -u ] && echo 1234\n")
    machine.write(
        machine.bin / "getent", '#!/bin/sh\n[ "$*" = "passwd 1234" ] && echo ann:x:1234:1234::/home/ann:/bin/sh\n'
    )
    machine.write(machine.bin / "bazel", '#!/bin/sh\n[ "$1" = --version ] && echo bazel 5.0.0 || echo "$HOME"\n')
    variables = {"PATH": f"{machine.bin}:/usr/bin:/bin"}
    output = subprocess.run([machine.wrapper, "info"], env=variables, check=True, capture_output=True, text=True).stdout
    assert output.strip() == "/home/ann"


def seen_after_each(machine: Machine, shown: str, paths: list[Path], **variables: str) -> list[str]:
    """What the variable `shown` is for Bazel at first, and after each of `paths` has come or changed."""
    machine.write(machine.bin / "bazel", f'#!/bin/sh\n[ "$1" = --version ] && echo bazel 5.0.0 || echo "${shown}"\n')
    seen = [machine.run("info", **variables).stdout]
    for path in paths:
        assert machine.run("info", **variables).stdout == seen[-1]
        path.parent.mkdir(parents=True, exist_ok=True)
        machine.write(path, f"text {len(seen)}")
        seen.append(machine.run("info", **variables).stdout)
    return seen


def test_a_tool_for_the_device_that_comes_or_changes_is_noticed(machine: Machine, tmp_path: Path) -> None:
    cann, headers, ptoas = tmp_path / "cann", tmp_path / "pto-isa", machine.bin / "ptoas"
    paths = [ptoas, cann / "bin/bisheng", headers / "include/pto/pto-inst.hpp", ptoas]
    variables = {"ASCEND_HOME_PATH": str(cann), "PTO_LIB_PATH": str(headers)}
    assert len(set(seen_after_each(machine, "DEVICE_TOOLS", paths, **variables))) == len(paths) + 1


def test_a_bazel_that_hangs_is_skipped(machine: Machine) -> None:
    """A launcher that waits for a network must not keep everybody waiting."""
    machine.write(machine.bin / "bazel", "#!/bin/sh\nsleep 60\n")
    machine.add_bazel("bazelisk", "7.6.1")
    start = time.monotonic()
    done = machine.run("info")
    assert time.monotonic() - start < 30
    assert "bazelisk" in done.stdout
    assert "version '(no answer in 1 s)'" in done.stderr


def test_another_torch_npu_is_noticed_where_there_is_cann(machine: Machine, tmp_path: Path) -> None:
    seen = []
    for version in ("2.7.1", "2.8.0"):
        machine.write(machine.bin / "python3", f'#!/bin/sh\necho torch_npu {version} "$2"\n')
        for home in ("", str(tmp_path)):
            seen += seen_after_each(machine, "DEVICE_TOOLS", [], ASCEND_HOME_PATH=home)
    without, first, still_without, second = seen
    assert without == still_without
    assert len({without, first, second}) == 3


def test_a_compiler_or_python_of_this_machine_that_comes_or_changes_is_noticed(
    machine: Machine, tmp_path: Path
) -> None:
    named, compiler, python = tmp_path / "my-g++", machine.bin / "g++", machine.bin / "python3"
    paths = [compiler, named, python, compiler]
    assert len(set(seen_after_each(machine, "HOST_TOOLS", paths, CXX=str(named)))) == len(paths) + 1
