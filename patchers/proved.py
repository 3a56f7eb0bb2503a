"""The file in which the hazard judge says which barriers it showed to be redundant, and for which C++."""

import json
from pathlib import Path
from typing import Final

from patchers.errors import PatchError
from patchers.files import read_text
from patchers.report import digest

PROVED: Final = "proved"


def read_proof(path: Path, text: str) -> tuple[int, ...]:
    """Return the lines that the proof in `path`, `{"source_sha256": "...", "lines": [12, 57]}`, allows to be removed from C++ `text`.

    A proof holds for the very bytes that were traced.

    Raises:
        PatchError: the file is not such a proof, or is about another text.
    """
    try:
        proof = json.loads(read_text(path))
        of, lines = proof["source_sha256"], proof["lines"]
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, PatchError):
            raise
        raise PatchError(
            f'{path}: this is not a proof; one looks like {{"source_sha256": "...", "lines": [12, 57]}}.'
        ) from error
    if not isinstance(lines, list) or not all(type(line) is int and line > 0 for line in lines):
        raise PatchError(f"{path}: the lines of a proof must be a list of line numbers from 1, got {lines!r:.80}.")
    if of != digest(text):
        raise PatchError(
            f"{path}: the proof is about C++ with SHA-256 {of}, the input has {digest(text)}. Trace the input again and let the judge make a new proof."
        )
    return tuple(sorted(set(lines)))
