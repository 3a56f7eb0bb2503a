"""What each Python file of //sim/timeline imports, and what each test needs besides."""

FILES = {
    "account": ["times"],
    "apart": ["launch"],
    "blocks": ["times"],
    "calibrate": ["parameters", "pip:numpy", "pip:scipy"],
    "calibrate_main": ["//cli:program", "calibrate"],
    "launch": ["//flash_atten:config", "pairs"],
    "origins": [],
    "pairs": ["blocks"],
    "parameters": ["launch"],
    "perfetto": ["account", "stages"],
    "perfetto_json": ["perfetto"],
    "perfetto_proto": ["perfetto", "pip:perfetto"],
    "plot": ["//sim:figures", "account", "stages"],
    "predict_main": ["//cli:program", "parameters"],
    "program": ["//isa", "//tracing:file", "//tracing:streams", "pip:numpy"],
    # Traces of Flash Attention libraries in trace mode.
    "recorded": ["//flash_atten:described", "//sim:record", "apart", "origins"],
    "stages": ["origins", "times"],
    "testing": ["//tracing:builder", "blocks"],
    "times": ["program"],
}

TESTS = {
    "ablations_test": {
        "size": "medium",
        "data": [
            "//flash_atten:fa_s1tile256.trace.so",
            "//flash_atten:fa_s1tile512.trace.so",
            "//sim:fa_s1tile256_unpatched.trace.so",
            "//sim:fa_s1tile512_unpatched.trace.so",
        ],
        "deps": ["parameters", "recorded"],
    },
    "account_test": {"deps": ["testing"]},
    "blocks_test": {"deps": ["testing"]},
    "calibrate_test": {"size": "medium", "deps": ["calibrate_main", "testing"]},
    "kernels_test": {
        "size": "medium",
        "data": [
            "//flash_atten:fa_s1tile256.origins.json",
            "//flash_atten:fa_s1tile256.trace.so",
            "//flash_atten:fa_s1tile256_single.origins.json",
            "//flash_atten:fa_s1tile256_single.trace.so",
            "//flash_atten:fa_s1tile512_fast.origins.json",
            "//flash_atten:fa_s1tile512_fast.trace.so",
            "//flash_atten:fa_s1tile512_preload4.trace.so",
        ],
        "deps": ["//flash_atten:stage_names", "perfetto_json", "plot", "recorded"],
    },
    "launch_test": {"deps": ["testing"]},
    "pairs_test": {"deps": ["testing"]},
    "perfetto_json_test": {"deps": ["testing"]},
    "perfetto_proto_test": {"deps": ["//cli:files", "testing"]},
    "program_test": {"deps": ["testing", "times", "pip:hypothesis"]},
    "programs_test": {
        "size": "medium",
        "data": ["calibrate_main.py", "predict_main.py"],
        "deps": ["//cli:testing", "calibrate_main", "predict_main", "testing"],
    },
    "stages_test": {"deps": ["testing"]},
    "times_test": {"deps": ["//tracing:builder"]},
    # Perfetto's own program reads what we write. It is brought by whoever has it:
    # tools/bazel test //sim/timeline:trace_processor_test --test_env=TRACE_PROCESSOR=/path/of/trace_processor_shell
    "trace_processor_test": {"tags": ["manual"], "deps": ["perfetto_json", "perfetto_proto", "testing"]},
}
