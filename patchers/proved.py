"""The file in which the hazard judge says which barriers it showed to be redundant, and in which C++."""

import json
from pathlib import Path

from patchers.errors import PatchError
from patchers.files import read_text
from patchers.patch import ByLines
from patchers.patterns import PROVED


def read_proof(path: Path) -> ByLines:
    """Return what the proof in `path` allows: `{"source_sha256": "<hex>", "redundant_barriers": [12, 57]}`.

    A proof holds for the very bytes that were traced: all these barriers may go together, and nothing else.

    Raises:
        PatchError: the file is not such a proof.
    """
    try:
        proof = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise PatchError(f"{path}: this is not JSON ({error}). Give the proof that the hazard judge wrote.") from error
    match proof:
        case {"source_sha256": str(source), "redundant_barriers": list(lines)} if all(type(n) is int for n in lines):
            return ByLines(tuple(sorted(set(lines))), PROVED, source)
    raise PatchError(f'{path}: a proof is {{"source_sha256": "<hex>", "redundant_barriers": [12, 57]}} and more.')
