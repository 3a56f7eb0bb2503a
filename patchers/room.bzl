"""What each Python file of //patchers imports, and what each test needs besides.

It reads text, so of ours it imports the machine's facts only.
"""

load("//flash_atten:defs.bzl", "FA_KERNELS")

REPORTS = ["//flash_atten:%s.barriers.json" % target for target in FA_KERNELS]

# Kernels from which barriers go by proof: what their names end with, tiles ahead, patterns.
PROVED = [("", 3, ["proved"]), ("_preload4", 4, ["proved"]), ("_gu", 3, ["gu", "proved"])]

FILES = {
    "audit": ["files", "patterns", "pip:absl-py"],
    "calls": ["//isa", "scanner"],
    "control_flow": ["calls"],
    "dependencies": ["tiles"],
    "errors": [],
    "files": ["//cli:files", "errors"],
    "golden": [],
    "ordering": ["pending", "tiles"],
    "patch": ["patterns"],
    "patterns": ["dependencies", "repeats"],
    "pending": ["control_flow"],
    "repeats": ["ordering"],
    "report": ["patch"],
    "scanner": ["errors"],
    "tiles": ["calls"],
    "vec_barriers": ["files", "pip:absl-py", "report"],
}

TESTS = {
    "chain_test": {"data": REPORTS + ["golden.json"], "deps": ["golden"]},
    "ordering_test": {"size": "medium", "deps": ["patch", "pip:hypothesis"]},
    "patch_test": {
        "size": "medium",
        "data": ["testdata/barrier_first.cpp", "testdata/wait_first.cpp"],
        "deps": ["pip:hypothesis"],
    },
    "patterns_test": {"deps": ["patch"]},
    "removal_test": {
        "size": "medium",
        "data": [
            ":fa_broken.barriers.json",
            ":fa_broken.trace.so",
            ":fa_proved.audit.json",
            ":fa_proved.barriers.json",
            ":fa_proved_gu.audit.json",
            ":fa_proved_gu.barriers.json",
            "//sim:fa_s1tile256_unpatched.barriers.json",
        ],
        "deps": ["//cli:testing", "//flash_atten:described", "//sim:audit_main"],
    },
    "repeats_test": {"deps": ["patch"]},
    "scanner_test": {"size": "medium"},
}
