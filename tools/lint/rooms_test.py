"""The direction of imports is read from the text of files, and a break of it is told."""

from pathlib import Path

import pytest

from tools.lint.rooms import ROOMS, circles, room_of, upward_imports


def _files(**texts: str) -> dict[Path, str]:
    return {Path(name.replace("__", "/") + ".py"): text for name, text in texts.items()}


def test_rooms_are_told_apart_by_their_innermost_name() -> None:
    assert room_of("ptodsl.dialect.tile") == "ptodsl.dialect"
    assert room_of("ptodsl.tile") == "ptodsl"
    assert room_of("ptodsl_other") is None
    assert len(set(ROOMS)) == len(ROOMS)


@pytest.mark.parametrize(
    "text",
    [
        "from sim.hazards import judge",
        "import sim.hazards",
        "from sim import hazards",
        "def late():\n    from sim.hazards import judge",
        "if TYPE_CHECKING:\n    from sim.hazards import judge",
    ],
)
def test_an_import_of_a_later_room_is_told_however_it_is_written(text: str) -> None:
    (problem,) = upward_imports(_files(kernels__plan=text, sim__hazards=""))
    assert problem.startswith("kernels/plan.py:")
    assert "kernels imports sim" in problem
    assert upward_imports(_files(sim__hazards="from kernels.plan import Launch", kernels__plan="import numpy")) == []


def test_files_that_import_each_other_are_a_circle_unless_one_does_it_later() -> None:
    one, two = "from cli.two import x", "from cli.three import y"
    assert circles(_files(cli__one=one, cli__two=two, cli__three="from cli.one import z")) == [
        "cli.one -> cli.two -> cli.three -> cli.one"
    ]
    late = "def f():\n    from cli.one import z"
    assert circles(_files(cli__one=one, cli__two=two, cli__three=late)) == []
    typed = "if TYPE_CHECKING:\n    from cli.one import z"
    assert circles(_files(cli__one=one, cli__two=two, cli__three=typed)) == []
