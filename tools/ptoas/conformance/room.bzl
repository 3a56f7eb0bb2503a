"""What each Python file of //tools/ptoas/conformance imports, and what each test needs besides."""

FILES = {
    "__main__": ["forms", "modes", "operations", "programs", "run", "second_forms", "snippets", "table"],
    "case": [],
    "forms": ["case"],
    "modes": ["one_operation"],
    "one_operation": ["case"],
    "operations": ["one_operation"],
    "programs": ["case"],
    "run": ["case", "//tools/ptoas:cli"],
    "second_forms": ["one_operation"],
    "snippets": ["case"],
    "table": ["case", "//isa"],
}

TESTS = {
    "conformance_test": {"data": ["//:docs/assembler.md"], "deps": ["__main__"], "size": "medium"},
}
