"""The benchmark: cases, timing, rows, comparison of runs and the report."""
