"""Pictures as files: which names they may have, and bytes that are the same every time."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, overload

from cli.files import marked, output_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png")

MADE_BY = "ascend_fa"
"""By which a picture of ours is known."""

DPI = 110


@overload
def picture_file(flag: str, text: str, inputs: Iterable[Path] = ()) -> Path: ...


@overload
def picture_file(flag: str, text: str | None, inputs: Iterable[Path] = ()) -> Path | None: ...


def picture_file(flag: str, text: str | None, inputs: Iterable[Path] = ()) -> Path | None:
    """Return the picture that --`flag`=`text` names; raises ValueError as `output_file` does, or for another suffix."""
    path = output_file(flag, text, inputs=inputs, ours=marked(MADE_BY))
    if path and path.suffix not in SUFFIXES:
        raise ValueError(f"--{flag}={text} must end in {' or '.join(SUFFIXES)}")
    return path


def picture(figure: Figure, suffix: str) -> bytes:
    """Return the figure as the bytes of a file that ends in `suffix`; the same every time."""
    # Here, not above: programs ask for the name of a picture, and most runs make none.
    import matplotlib as mpl

    stream = io.BytesIO()
    # By default an SVG has the date in it, and ids from a random salt.
    metadata = {"Date": None, "Creator": MADE_BY} if suffix == ".svg" else {"Software": MADE_BY}
    with mpl.rc_context({"svg.hashsalt": MADE_BY, "svg.fonttype": "none"}):
        figure.savefig(stream, format=suffix.removeprefix("."), dpi=DPI, metadata=metadata)
    return stream.getvalue()
