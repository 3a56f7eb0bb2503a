"""What each Python file of //sim imports, what each test needs besides, and the recorded kernels that they read."""

load("//flash_atten:defs.bzl", "AUTO_KERNELS", "FAST_KERNELS", "FA_KERNELS", "HEADS_KERNELS", "SPLIT_KERNELS")

# Of the kernels that split S1: what the programs bring along besides, and what is tested of all of them.
SPLIT_CHOSEN = [name for name in AUTO_KERNELS if name in SPLIT_KERNELS]

def traces(kernels):
    """Returns the trace libraries of shipped kernels."""
    return ["//flash_atten:%s.trace.so" % kernel for kernel in kernels]

def unpatched_traces(kernels):
    """Returns the trace libraries of kernels as they are assembled."""
    return [":%s_unpatched.trace.so" % kernel for kernel in kernels]

FILES = {
    "audit_main": [
        "//cli:program",
        "//patchers:audit_program",
        "hazards",
        "programs",
        "record",
        "report",
    ],
    # The judge: `from sim.hazards import judge`, `from sim.barriers import redundant_barriers`.
    "barriers": ["replay"],
    "bugs": ["//cli:program", "bugs_cube", "bugs_memory", "bugs_ordered", "bugs_pipes", "bugs_run"],
    "bugs_case": ["vector_repeats"],
    "bugs_cube": ["bugs_case"],
    "bugs_memory": ["bugs_case"],
    "bugs_modules": ["bugs_case"],
    "bugs_ordered": ["bugs_modules"],
    "bugs_pipes": ["bugs_case"],
    "bugs_run": ["//runtime:compiled", "//tools/ptoas:assemble", "//tracing:file", "bugs_modules", "hazards"],
    "canned": ["//flash_atten:stand_in", "//tracing:file"],
    "carried": ["program"],
    "check": ["//patchers:patterns", "hazards", "record"],
    # Check any kernel: tools/bazel run //ptodsl/examples:check
    "check_kernels": [
        "//cli:program",
        "//kernels:run_case",
        "//ptodsl/examples:catalogue",
        "//sim/timeline",
        "hazards",
        "record",
        "report",
    ],
    "confirm": ["//tools/bisheng:host_compile", "mutants", "record"],
    "cross_block": ["regions"],
    "describe": ["cross_block", "findings"],
    "effects_cases": ["//ptodsl/dialect:testing"],
    "figures": ["//cli:files", "pip:matplotlib"],
    "findings": ["replay"],
    "happens_before": ["//isa"],
    "hazards": ["describe"],
    "hazards_main": [
        "//cli:program",
        "//flash_atten:config",
        "//kernels:shape_flags",
        "check",
        "programs",
        "report",
    ],
    "mutants": ["program"],
    "mutate": ["mutants", "record", "replay"],
    "mutation_main": ["//cli:program", "//flash_atten:config", "mutate", "programs", "pip:rich"],
    "picture_main": ["//cli:program", "//flash_atten:described", "figures", "record", "schedule"],
    "program": ["regions", "vector_repeats"],
    "programs": ["//cli:files", "vector_repeats", "pip:absl-py"],
    "prove_main": ["//cli:program", "barriers", "programs", "record"],
    "random_deletions": ["//tools/ptoas/insert_sync", "//tools/ptoas/insert_sync:testing", "hazards"],
    "random_kernels_run": [
        "//ptodsl/examples:host_run",
        "//tools/ptoas/insert_sync:random_modules",
        "//tracing:file",
        "hazards",
    ],
    "random_main": ["//cli:program", "random_deletions", "random_kernels_run"],
    "record": ["//kernels:arguments", "//kernels:described", "//tracing:file", "carried"],
    # The slow judge that the fast one is compared with.
    "reference_judge": ["//tracing:format"],
    "reference_structure": ["//flash_atten:kernel_cube"],
    "regions": ["//tracing:format"],
    "replay": ["//tracing:streams", "happens_before", "program"],
    "report": ["findings"],
    "schedule": ["//tracing:streams"],
    "sync_plans": [
        "//flash_atten:described",
        "//flash_atten:kernel",
        "//kernels:arguments",
        "//kernels:module_entries",
        "//ptodsl/examples:catalogue",
        "//ptodsl/examples:host_run",
        "//sim/timeline",
        "//tracing:file",
        "hazards",
        "reference_structure",
    ],
    "sync_report": ["//sim/timeline", "//tools/ptoas/insert_sync", "programs", "sync_plans"],
    "sync_report_main": ["//cli:files", "//cli:program", "sync_report"],
    "testing": ["//tracing:builder", "findings"],
    "v_pairs": ["//cli:program", "//flash_atten:config", "hazards", "programs", "record"],
    "vector_repeats": ["//isa", "//tracing:format"],
}

TESTONLY = [
    "bugs",
    "bugs_case",
    "bugs_cube",
    "bugs_memory",
    "bugs_modules",
    "bugs_ordered",
    "bugs_pipes",
    "bugs_run",
    "canned",
    "confirm",
    "effects_cases",
    "random_deletions",
    "random_kernels_run",
    "random_main",
    "reference_judge",
    "reference_structure",
    "sync_plans",
    "sync_report",
    "sync_report_main",
    "testing",
]

TESTS = {
    "atomic_hazards_test": {"size": "medium", "deps": ["//runtime:testing", "//tracing:file", "hazards", "testing"]},
    "audit_main_test": {"size": "medium", "deps": ["//tracing:builder", "canned"]},
    "barriers_test": {"deps": ["//tracing:builder", "hazards", "pip:hypothesis"]},
    "bugs_test": {"size": "medium", "data": ["//:docs/checks.md"]},
    "carried_test": {"deps": ["//tracing:builder", "hazards", "pip:hypothesis"]},
    "check_kernels_test": {
        "size": "medium",
        "data": ["//ptodsl/examples:kernel_add.so", "//ptodsl/examples:kernel_add.trace.so"],
        "deps": ["//cli:testing"],
    },
    "effects_test": {
        "size": "medium",
        "deps": [
            "//runtime:compiled",
            "//tools/bisheng:host_compile",
            "//tools/ptoas:assemble",
            "//tracing:file",
            "effects_cases",
            "regions",
        ],
    },
    "examples_test": {
        "size": "medium",
        "data": ["//:docs/examples.md"],
        "deps": ["//ptodsl/examples:catalogue", "//ptodsl/examples:host_run", "//sim/timeline", "hazards", "mutate"],
    },
    # Of other schedules the shipped kernels are as assembled.
    "fast_kernels_test": {
        "size": "medium",
        "data": traces(FAST_KERNELS),
        "deps": ["//flash_atten:described", "barriers", "hazards", "mutate"],
    },
    "fifo_hazards_test": {"deps": ["hazards", "testing"]},
    "flag_hazards_test": {"deps": ["hazards", "testing"]},
    "hazards_test": {"deps": ["report", "testing"]},
    "insert_sync_generated_test": {"size": "large", "deps": ["random_kernels_run"]},
    "insert_sync_rotating_test": {
        "size": "large",
        "deps": ["//ptodsl/examples:host_run", "//tools/ptoas/insert_sync", "//tracing:file", "hazards"],
    },
    # The assembler's pass insert_sync, before the judge.
    "insert_sync_solver_test": {
        "deps": ["//tools/ptoas/insert_sync", "//tools/ptoas/insert_sync:testing", "hazards", "pip:hypothesis"],
    },
    "insert_sync_v_rule_test": {
        "deps": [
            "//ptodsl",
            "//tools/ptoas/insert_sync",
            "//tools/ptoas/insert_sync:testing",
            "hazards",
            "pip:hypothesis",
        ],
    },
    "insert_sync_while_test": {
        "size": "medium",
        "deps": [
            "//runtime:host_kernel",
            "//tools/bisheng:host_compile",
            "//tools/ptoas:assemble",
            "//tracing:file",
            "hazards",
        ],
    },
    "judge_property_test": {
        "size": "medium",
        "deps": ["//tracing:builder", "hazards", "reference_judge", "pip:hypothesis"],
    },
    "kernels_test": {
        "size": "medium",
        "data": [
            ":fa_s1tile256_unpatched.cpp",
            "//:docs/barriers.md",
        ] + traces(FA_KERNELS) + unpatched_traces(FA_KERNELS),
        "deps": ["//flash_atten:described", "barriers", "check", "confirm", "mutate", "v_pairs"],
    },
    "mutate_test": {"deps": ["//tracing:builder", "confirm"]},
    "new_operation_test": {
        "size": "large",
        "data": ["//runtime:host_sources", "//runtime:machine_sources"],
        "deps": [
            "//isa:generate",
            "//ptodsl",
            "//runtime:compiled",
            "//tools/bisheng:host_compile",
            "//tools/ptoas:assemble",
            "//tracing:file",
            "hazards",
        ],
    },
    "programs_test": {
        "size": "medium",
        "data": ["hazards_main.py", "mutation_main.py", "prove_main.py"],
        "deps": ["//tracing:builder", "canned", "hazards_main", "mutation_main", "prove_main"],
    },
    # Long: 66 launches of each kernel.
    "proved_test": {
        "size": "medium",
        "data": ["//patchers:fa_proved.trace.so", "//patchers:fa_proved_preload4.trace.so"],
        "deps": ["//flash_atten:described", "//patchers:patch", "hazards", "record"],
    },
    "random_main_test": {"size": "medium", "deps": ["testing"]},
    "reference_structure_test": {"deps": ["//tools/ptoas/insert_sync"]},
    "regions_test": {"deps": ["pip:hypothesis"]},
    "scalar_hazards_test": {
        "size": "medium",
        "deps": ["//runtime:compiled", "//tools/bisheng:host_compile", "//tools/ptoas:assemble", "hazards", "mutate"],
    },
    "schedule_test": {"size": "medium", "deps": ["//tracing:builder", "canned", "picture_main"]},
    # Of operations with rules of their own.
    "special_operations_test": {
        "size": "large",
        "deps": [
            "//isa",
            "//ptodsl/examples:host_run",
            "//ptodsl/examples:special_entries",
            "//tracing:file",
            "hazards",
        ],
    },
    # The same of kernels that split S1 or take many heads: both launches.
    "split_kernels_test": {
        "size": "medium",
        "data": [
            ":fa_s1tile256_kvsplit2_unpatched.cpp",
        ] + traces(list(SPLIT_KERNELS) + list(HEADS_KERNELS)) + unpatched_traces(SPLIT_CHOSEN),
        "deps": ["//flash_atten:described", "//flash_atten:kernel", "//patchers:patch", "barriers", "check", "mutate"],
    },
    "sync_report_test": {"size": "large", "data": ["//:docs/sync_report.md"], "deps": ["//sim/timeline:testing"]},
    "v_pairs_test": {"deps": ["//cli:testing", "testing"]},
    "v_rule_test": {
        "size": "medium",
        "deps": ["barriers", "hazards", "reference_judge", "report", "testing", "pip:hypothesis"],
    },
}
