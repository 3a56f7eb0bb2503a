"""What each Python file of //runtime imports, and what each test needs besides."""

FILES = {
    # Kernels that are C++ text, run on the CPU.
    "compiled": ["//tools/bisheng:host_compile", "//tools/bisheng:host_toolchain", "host_kernel"],
    "host_kernel": ["loading", "pip:numpy"],
    "loading": [],
    "testing": ["compiled"],
}

TESTS = {
    "compile_fail_test": {"data": [":host_sources"], "deps": ["//tools/bisheng:host_toolchain"]},
    "convert_numbers_test": {"size": "medium", "deps": ["//ptodsl/dialect", "compiled", "pip:hypothesis"]},
    "entries_test": {"size": "medium", "deps": ["//tools/bisheng:library", "//tracing:file", "testing"]},
    "interleave_test": {"size": "medium", "deps": ["testing"]},
    "kernel_test": {"size": "medium", "deps": ["//tracing:file", "testing"]},
    "loading_test": {"size": "medium", "deps": ["testing"]},
    "scalar_test": {"size": "medium", "deps": ["//tracing:file", "testing"]},
}
