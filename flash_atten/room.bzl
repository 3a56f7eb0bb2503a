"""What each Python file of //flash_atten imports, and what each test needs besides."""

load("@pip_torch//:requirements.bzl", torch_requirement = "requirement")
load(":defs.bzl", "HEADS_KERNELS")

# The products of one tile are too small to be divided: threads that wait for each other take three times as long.
SMALL_PRODUCTS = {"OPENBLAS_NUM_THREADS": "1"}

# What running on the device needs besides: nothing on the host.
DEVICE_DEPS = select({"//tools/bisheng:npu": ["@torch_npu"], "//conditions:default": []})

FILES = {
    "api": ["attend", "op_torch"],
    "attend": ["backend", "knobs"],
    "backend": ["//kernels:backend", "libraries", "operands", "plan"],
    "built": ["backend", "knobs"],
    "check": ["//cli:program", "//kernels:launch_flags", "backend", "built", "check_compare", "knob_flags"],
    "check_broken": ["check_compare", "check_model"],
    "check_compare": ["check_inputs", "reference"],
    "check_inputs": ["config", "pip:numpy"],
    "check_model": ["check_inputs"],
    "check_mutants": ["//cli:program", "check_split", "knobs"],
    "check_split": ["check_broken"],
    "config": [],
    # What its libraries name: sizes, operands, reference and plan, for the programs for any kernel.
    "described": ["//kernels:kernel", "check_compare", "libraries", "plan", "trials"],
    "fast_cube": ["fast_passes", "kernel_cube"],
    "fast_passes": ["kernel_parts", "pipeline"],
    "fast_softmax": ["kernel_vector"],
    "fast_vector": ["fast_passes", "fast_softmax"],
    "fifo": ["config", "//isa"],
    "generate": ["//kernels:generator", "kernel"],
    "kernel": ["fast_cube", "fast_vector", "kernel_reduce"],
    "kernel_cube": ["kernel_parts", "pipeline"],
    "kernel_parts": ["//ptodsl", "memory", "plan"],
    "kernel_reduce": ["kernel_results"],
    "kernel_results": ["kernel_parts", "scratch"],
    "kernel_vector": ["kernel_results", "pipeline"],
    "knob_flags": ["knobs", "pip:absl-py"],
    "knobs": ["//kernels:library", "config"],
    "launch": ["//cli:program", "//kernels:launch_flags", "backend", "built", "check_inputs", "knob_flags"],
    "libraries": ["//kernels:library", "config"],
    "memory": ["//isa", "fifo"],
    "memory_table": ["//cli:program", "generate", "scratch"],
    "op_torch": ["attend"],
    "operands": ["config", "pip:numpy"],
    "pipeline": ["//ptodsl"],
    "plan": ["//kernels:plan", "//kernels:signature", "scratch"],
    "reference": ["config", "pip:numpy"],
    # What lies where in the GM scratch of a launch.
    "scratch": ["fifo"],
    # Which stage a line of the kernel belongs to: for pictures. The sources come along to be looked at.
    "stage_names": ["kernel"],
    # For tests: the kernel's symbols on a naive attention, compiled while the test runs.
    "stand_in": ["//cli:testing", "//kernels:callers", "//tools/bisheng:host_toolchain", "described"],
    "trials": ["fifo"],
}

TESTS = {
    "api_test": {"deps": ["check_inputs", "reference", "stand_in"]},
    "backend_host_test": {"deps": ["backend", "check_inputs", "reference", "stand_in"]},
    "backend_npu_test": {"deps": ["//kernels:fake_npu", "backend", "check_inputs", "reference", "stand_in"]},
    "built_test": {"deps": ["stand_in"]},
    # Builds seven kernels.
    "check_faults_test": {
        "size": "large",
        "shard_count": 3,
        "deps": ["//tools/bisheng:host_compile", "//tools/ptoas:assemble", "check", "kernel", "stand_in"],
    },
    "check_inputs_test": {"deps": ["reference"]},
    "check_mutants_test": {"size": "medium", "shard_count": 2, "env": SMALL_PRODUCTS, "deps": ["stand_in"]},
    "check_test": {"size": "medium", "deps": ["stand_in"]},
    "generate_test": {"size": "medium"},
    "generator_deps_test": {"data": [":generator_deps"]},
    # With the default of --//flash_atten:kernels.
    "kernel_choice_test": {"data": [":attention_libraries"], "deps": ["knobs", "libraries"]},
    # Builds five kernels.
    "kernel_numbers_test": {"size": "medium", "deps": ["//ptodsl/examples:host_run", "check_compare", "kernel"]},
    # Builds four kernels.
    "kernel_split_numbers_test": {"size": "medium", "deps": ["//ptodsl/examples:host_run", "check_compare", "kernel"]},
    "kernel_split_test": {"size": "medium", "deps": ["//tools/ptoas:assemble", "kernel"]},
    # flash_atten.attention with the kernels of heads as they are built.
    "kernel_heads_test": {
        "size": "medium",
        "data": [":" + name for name in HEADS_KERNELS],
        "deps": ["api", "reference"],
    },
    "kernel_sync_test": {"deps": ["//tools/ptoas/insert_sync", "kernel"]},
    "kernel_test": {"size": "medium", "deps": ["//tools/ptoas:assemble"]},
    "launch_test": {"size": "medium", "deps": ["reference", "stand_in"]},
    "libraries_test": {"deps": ["stand_in"]},
    "memory_test": {"deps": ["memory_table"]},
    "op_torch_test": {
        "size": "medium",
        "deps": [torch_requirement("torch"), "api", "check_inputs", "reference", "stand_in"],
    },
}
