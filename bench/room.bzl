"""What each Python file of //bench imports, what each test needs besides, the recorded kernels that they read, and what is swept."""

load("@pip_torch//:requirements.bzl", torch_requirement = "requirement")
load("//flash_atten:defs.bzl", "AUTO_KERNELS", "FAST_KERNELS", "FA_KERNELS", "SPLIT_KERNELS")

_SHIPPED = list(FA_KERNELS) + list(FAST_KERNELS) + [name for name in AUTO_KERNELS if name in SPLIT_KERNELS]

def _of(kernels, suffixes, label = "//flash_atten:%s"):
    """Returns files of kernels."""
    return [label % kernel + suffix for kernel in kernels for suffix in suffixes]

_TRACES = [".trace.so", ".origins.json"]
TIMELINE_DATA = _of(_SHIPPED, _TRACES) + _of(FA_KERNELS, _TRACES, "//sim:%s_unpatched") + [":report_traces"]

# Every set of knobs.
TUNE_DATA = TIMELINE_DATA + _of([name for name in SPLIT_KERNELS if name not in AUTO_KERNELS], [".trace.so"])

EXPLAIN_DATA = TIMELINE_DATA + _of(_SHIPPED, [".barriers.json", ".cpp", ".mlir"])

FILES = {
    "barrier_sets": ["//flash_atten:libraries", "//patchers:patterns"],
    # torch is imported when a baseline is made; who wants baselines brings it.
    "baselines": ["//flash_atten:check_inputs", "//flash_atten:reference", "//kernels:library", "timing"],
    "budget": ["//flash_atten:plan", "//flash_atten:reference", "cases", "row"],
    "cases": ["//flash_atten:config"],
    "clock": ["//kernels:backend", "timing"],
    "compare": ["//cli:program", "compare_judge", "compare_runs", "table"],
    "compare_judge": ["jobs"],
    "compare_runs": ["results"],
    "environment": [],
    "explain": ["//cli:files", "//flash_atten:knob_flags", "explain_page"],
    "explain_page": ["//sim/timeline:plot", "timeline_report"],
    # The program without kernels and torch: tests give it their own.
    "fa": [
        "//cli:program",
        "//flash_atten:built",
        "//flash_atten:knobs",
        "//kernels:launch_flags",
        "progress",
        "roof",
        "runner",
        "table",
        "tsv",
    ],
    "fields": [],
    "flops": ["//flash_atten:config", "//isa"],
    "host_profile": [
        "//cli:program",
        "//flash_atten:backend",
        "//flash_atten:check_inputs",
        "//flash_atten:knobs",
        "host_profile_table",
    ],
    "host_profile_table": ["text_table"],
    "host_speed": ["//cli:files", "//cli:program", "//flash_atten:backend", "environment", "flops", "host_speeds", "timing"],
    "host_speeds": ["baselines", "text_table", "timing"],
    "jobs": ["//kernels:backend", "barrier_sets", "cases", "row"],
    "kernel": [
        "//cli:files",
        "//cli:program",
        "//kernels:described",
        "//kernels:launch_flags",
        "//kernels:run_case",
        "//kernels:shape_flags",
        "clock",
        "environment",
        "load",
    ],
    "load": [],
    "page": ["page_predicted", "results", "table"],
    "page_predicted": ["page_table", "plots"],
    "page_table": [],
    "plots": ["//flash_atten:check_compare", "baselines", "prediction", "row", "pip:matplotlib"],
    "prediction": [
        "//flash_atten:libraries",
        "//sim/timeline",
        "//sim/timeline:recorded",
        "cases",
        "flops",
        "text_table",
        "variant",
    ],
    "probe": ["//flash_atten:backend", "//flash_atten:check_compare", "baselines", "row"],
    "progress": ["pip:rich"],
    "report": ["//cli:program", "page"],
    "results": ["//cli:files", "row"],
    "roof": ["pip:numpy"],
    "row": ["//kernels:library", "flops", "stats", "variant"],
    "runner": ["budget", "clock", "environment", "jobs", "load", "probe"],
    "sample_rows": ["baselines", "results"],
    "stats": ["pip:numpy"],
    "sweep_check": ["//kernels:described", "//kernels:run_case", "sweep_row"],
    "sweep_hazards": ["//sim:check", "//sim:report", "sweep_row"],
    "sweep_merge": ["sweep_row"],
    "sweep_row": ["//cli:program", "//kernels:kernel", "//kernels:library", "//kernels:shape_flags"],
    "table": ["baselines", "row", "text_table"],
    "text_table": ["pip:rich"],
    "timeline": [
        "//flash_atten:described",
        "//flash_atten:knob_flags",
        "//kernels:shape_flags",
        "//sim/timeline",
        "//sim/timeline:plot",
        "//sim:figures",
        "timeline_any",
        "timeline_suite",
    ],
    "timeline_any": ["timeline_report"],
    "timeline_report": ["//cli:program", "//flash_atten:stage_names", "//sim/timeline", "prediction"],
    "timeline_suite": ["//cli:files", "//flash_atten:knobs", "prediction"],
    "timing": ["stats"],
    "tsv": ["results"],
    "tune": ["//cli:files", "//cli:program", "tuning"],
    "tuning": ["//flash_atten:memory", "//flash_atten:knobs", "prediction"],
    "variant": ["//flash_atten:config", "fields"],
}

TESTS = {
    # Two kernels that are no Flash Attention go through the programs for any kernel.
    "any_kernel_test": {
        "size": "medium",
        "data": _of(
            ["matmul", "softmax"],
            [".audit.json", ".origins.json", ".so", ".trace.so"],
            "//ptodsl/examples:kernel_%s",
        ),
        "deps": ["//cli:testing", "//ptodsl/examples:catalogue", "//sim:hazards_main", "kernel", "timeline"],
    },
    "baselines_test": {"deps": ["//kernels:fake_npu"]},
    "baselines_torch_test": {"size": "medium", "deps": ["baselines", torch_requirement("torch")]},
    "clock_test": {"deps": ["//kernels:fake_npu"]},
    "compare_judge_test": {"deps": ["sample_rows", "pip:hypothesis"]},
    "compare_runs_test": {"deps": ["sample_rows"]},
    "compare_test": {"size": "medium", "deps": ["//cli:testing", "sample_rows"]},
    "environment_test": {"deps": ["pip:numpy"]},
    "explain_page_test": {"deps": ["//sim/timeline:testing"]},
    "explain_test": {"size": "medium", "data": EXPLAIN_DATA + ["explain.py"], "deps": ["//cli:testing"]},
    "fa_test": {"size": "medium", "deps": ["//flash_atten:stand_in", "sample_rows"]},
    "fields_test": {"deps": ["pip:hypothesis"]},
    "host_profile_test": {"size": "medium", "data": ["//flash_atten:fa_s1tile256.so"], "deps": ["//cli:testing"]},
    "host_speed_test": {"size": "medium", "data": ["//flash_atten:fa_s1tile256.so"], "deps": ["//cli:testing"]},
    # No program writes onto its inputs, or onto a file that it has not made.
    "outputs_test": {
        "size": "large",
        "deps": [
            "//cli:testing",
            "//flash_atten:generate_program",
            "//flash_atten:launch_program",
            "//patchers:vec_barriers_program",
            "//sim/timeline:calibrate_main",
            "//sim/timeline:predict_main",
            "//sim:audit_main",
            "//sim:hazards_main",
            "//sim:mutation_main",
            "//sim:picture_main",
            "//sim:prove_main",
            "//sim:sync_report_main",
            "//tools/ptoas",
            "//tracing:builder",
            "explain",
            "fa",
            "host_speed",
            "report",
            "sample_rows",
            "timeline",
            "tune",
        ],
    },
    "page_predicted_test": {"size": "medium", "deps": ["//sim/timeline:testing", "report", "sample_rows"]},
    "page_test": {"size": "medium", "deps": ["report", "sample_rows"]},
    "plots_test": {"size": "medium", "deps": ["sample_rows"]},
    "prediction_test": {"deps": ["//sim/timeline:testing"]},
    "report_test": {"size": "medium", "deps": ["//cli:testing", "sample_rows"]},
    "results_test": {"deps": ["compare_runs", "sample_rows"]},
    "runner_test": {"size": "medium", "deps": ["//flash_atten:stand_in"]},
    "row_test": {"deps": ["sample_rows"]},
    "sweep_check_test": {"data": ["//ptodsl/examples:kernel_softmax.so"], "deps": ["//ptodsl/examples:catalogue"]},
    "sweep_hazards_test": {
        "data": ["//ptodsl/examples:kernel_softmax.trace.so"],
        "deps": ["//ptodsl/examples:catalogue"],
    },
    "sweep_row_test": {"deps": ["//flash_atten:described"]},
    "table_test": {"deps": ["sample_rows"]},
    "text_table_test": {"deps": ["pip:hypothesis"]},
    "timeline_any_test": {"deps": ["//sim/timeline:testing"]},
    "timeline_test": {"size": "medium", "data": TIMELINE_DATA + ["timeline.py"], "deps": ["//cli:testing"]},
    "tsv_test": {"deps": ["sample_rows"]},
    "tuning_test": {"size": "medium", "data": TUNE_DATA + ["tune.py"], "deps": ["//cli:testing", "tune"]},
}

TORCH = select({":with_torch": [torch_requirement("torch")], "//conditions:default": []})

TORCH_OR_DEVICE = select({
    "//tools/bisheng:npu": ["@torch_npu"],
    ":with_torch": [torch_requirement("torch")],
    "//conditions:default": [],
})

_SWEPT = _of(list(FA_KERNELS) + list(FAST_KERNELS), [""])

def _of_example(name, shapes):
    """Returns a sweep of a kernel with other operands and sizes, by the same actions."""
    return {
        "block_dims": ["1", "2"],
        "check_shapes": shapes,
        "hazard_shapes": shapes,
        "kernels": ["//ptodsl/examples:kernel_" + name],
        "kinds": ["drawn"],
        "programs": ":sweep_examples",
    }

SWEEPS = {
    "": {
        "check_shapes": ["q_rows=256,s1=2048"],
        "hazard_shapes": ["q_rows=256,s1=4096"],
        "kernels": _SWEPT,
        "kinds": ["concentrated", "large", "marked", "nan_key", "negative", "normal", "not_finite", "rising"],
    },
    # The same on more shapes, large ones: minutes on one machine.
    "_large": {
        "block_dims": ["1", "2"],
        "check_shapes": [
            "q_rows=%d,s1=%d" % shape
            for shape in [(128, 1024), (1024, 1024), (128, 131072), (2048, 8192), (8192, 2048), (16384, 16384)]
        ],
        "hazard_shapes": ["q_rows=256,s1=16384", "q_rows=1024,s1=2048"],
        "kernels": _SWEPT,
        "tags": ["manual"],
    },
    # Every set of knobs with a split S1, from 4096 to 32768, and shapes that are no multiple of 512 x 4.
    "_split": {
        "check_shapes": [
            "q_rows=%d,s1=%d" % shape
            for shape in [(256, 4096), (384, 5120), (128, 6144), (256, 8192), (128, 11264), (384, 12288), (640, 16384)]
        ] + ["q_rows=128,s1=32768"],
        "hazard_shapes": ["q_rows=384,s1=4096", "q_rows=256,s1=8192"],
        "kernels": _of(SPLIT_KERNELS, [""]),
        "kinds": ["marked", "normal", "rising"],
        "tags": ["manual"],
    },
    "_matmul": _of_example("matmul", ["k=64,m=64,n=128", "k=192,m=256,n=384"]),
    "_softmax": _of_example("softmax", ["rows=32", "rows=1056"]),
}
