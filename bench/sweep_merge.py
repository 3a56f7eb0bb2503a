"""Merges the rows of a sweep into one table, or tells whether all of a table's rows are right.

sweep_merge --output=sweep.tsv --json=sweep.json ROWS.json ...
sweep_merge --judge ROWS.json ...          exit status 1, and a line for each row that is not ok

Exit status 2: a file has no rows of a sweep, or cannot be read or written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.sweep_row import problems, read_rows, table, write_rows
from cli.program import EXIT_FAILED, EXIT_USAGE, fail


def main(arguments: list[str]) -> int:
    """Exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path, nargs="+", help="files of rows")
    parser.add_argument("--output", type=Path, help="table to write, tab-separated")
    parser.add_argument("--json", type=Path, help="the same as JSON")
    parser.add_argument("--judge", action="store_true", help="fail if a row is wrong or failed")
    options = parser.parse_args(arguments)
    try:
        rows = sorted(row for path in options.rows for row in read_rows(path))
        if options.output is not None:
            options.output.write_text(table(rows), encoding="utf-8")
        if options.json is not None:
            write_rows(options.json, rows)
    except (ValueError, OSError) as error:
        return fail(error, EXIT_USAGE)
    if not options.judge:
        return 0
    found = problems(rows)
    print("\n".join([*found, f"{len(found)} of {len(rows)} rows are wrong or failed"]))
    return EXIT_FAILED if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
