"""What each Python file of //runtime imports, what each test needs besides, and how tests in C++ are compiled."""

load("@host_cxx//:defs.bzl", "IDENTITY_COPTS", "LEVELS")
load("//tools/bisheng:host_machine.bzl", "part_file")

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

SOURCES = ["*.cpp", "include/**/*.hpp"] + [
    folder + suffix
    for folder in ["machine", "numbers", "tests"]
    for suffix in ["/*.cpp", "/*.hpp"]
]

# The flags that matter to numbers are those of kernels.
COPTS = IDENTITY_COPTS + [
    "-std=c++17",
    "-O2",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-strict-aliasing",
    "-fno-trapping-math",
    "-fwrapv",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-psabi",
    "-Wno-pass-failed",  # clang's, for a loop that it may vectorise and does not; GCC takes any -Wno-
]

# Suffix of a machine that tests are linked with, macros, sources besides: the loops that kernels get.
HARNESSES = [
    ("", [], ["numbers/levels.cpp"] + [part_file(level) for level in LEVELS]),
    ("_trace", ["PTO_TRACE=1"], []),
]

NOT_TESTED = ["machine/exports.cpp", "machine/machine.cpp"]

# Tested with the loops for each level of CPU.
NUMBER_TESTS = ["%s_test" % name for name in ["convert", "elementwise", "half", "lazy_tiles", "levels", "matmul", "reduce", "transfer"]]

# The machine that each test in C++ is linked with.
CC_TESTS = {name: ":harness" for name in NUMBER_TESTS}
CC_TESTS.update({"%s_test" % name: ":harness" for name in ["brief_lock", "cross_flags", "fiber", "granules", "idle", "interrupt", "launch", "packed_factors", "pipe", "slots", "worker_thread"]})
CC_TESTS["trace_test"] = ":harness_trace"
