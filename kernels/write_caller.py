"""One action of the chain: a library's signature becomes its callers, and a part of its build info.

Bazel knows the knobs before anything is built; the entries are known when the kernel has been generated.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from kernels.callers import host_caller, npu_caller
from kernels.library import HOST, NPU
from kernels.signature import entries_from_fields

CALLERS = {HOST: host_caller, NPU: npu_caller}


def main() -> None:
    """Run the action."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--knobs", type=Path, required=True, help="JSON: what is known before the kernel is generated")
    parser.add_argument("--signature", type=Path, required=True, help="JSON: the entries")
    parser.add_argument("--backend", choices=CALLERS, required=True)
    parser.add_argument("--entries", required=True, help="names of the entries that the library must have, by commas")
    parser.add_argument("--caller", type=Path, required=True, help="C++ to write")
    parser.add_argument("--build_info", type=Path, required=True, help="JSON to write: knobs and entries")
    options = parser.parse_args()
    known, signature = (json.loads(path.read_text(encoding="utf-8")) for path in (options.knobs, options.signature))
    entries = entries_from_fields(signature)
    names = ",".join(entry.name for entry in entries)
    if names != options.entries:
        parser.error(f"the module of {known['name']} has the entries {names}; the target says {options.entries}")
    options.caller.write_text(CALLERS[options.backend](known["name"], entries), encoding="utf-8")
    options.build_info.write_text(json.dumps({**known, **signature}, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
