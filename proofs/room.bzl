"""What each Python file of //proofs imports, what each test needs besides, and the generated text of the kernels."""

load("//flash_atten:defs.bzl", "FA_KERNELS")

GENERATED = [
    "//flash_atten:" + name + suffix
    for name in FA_KERNELS
    for suffix in [".barriers.json", ".cpp", ".mlir", ".ptoas.cpp"]
]

FILES = {
    "accept": [
        "//isa:generate",
        "//patchers:golden_program",
        "//sim:sync_report_program",
        "//sim:v_pairs_program",
        "generated",
    ],
    "check": ["execution", "npu", "reproducible", "sharing"],
    "digests": ["generated"],
    "edits": ["//proofs/harness"],
    "engine": ["//proofs/harness"],
    "execution": ["//tools/bisheng:host_toolchain", "digests", "engine"],
    "generated": ["//proofs/harness"],
    "keys": ["//tools/bisheng:host_toolchain", "nginx"],
    "nginx": ["//proofs/harness"],
    "npu": ["//proofs/harness", "//tools/bisheng:npu_compile"],
    "reproducible": ["digests"],
    "serve": ["engine", "nginx"],
    "sharing": ["digests", "edits", "keys"],
}

TESTS = {
    "edits_test": {"data": ["//flash_atten:kernel", "//runtime:host_sources"]},
    # With what is built, to compare it with what is checked in.
    "generated_test": {"data": ["generated.sha256"], "deps": [":generated"]},
}
