"""What each Python file of //kernels imports, and what each test needs besides."""

FILES = {
    "arguments": ["library", "plan"],
    "backend": ["host", "npu"],
    "callers": ["signature"],
    "described": ["kernel", "library"],
    "device": ["//cli:program", "npu"],
    "fake_npu": ["pip:numpy"],
    "generator": ["//cli:files", "//cli:messages", "//ptodsl", "module_entries"],
    "host": ["arguments", "//isa", "host_scratch"],
    "host_scratch": ["pip:numpy"],
    "kernel": ["pip:numpy", "plan"],
    "launch_flags": ["backend", "pip:absl-py"],
    "library": ["//runtime:host_kernel", "//runtime:loading", "signature"],
    "module_entries": ["//ptodsl", "pip:xdsl", "signature"],
    "npu": ["host"],
    "plan": [],
    "run_case": ["backend", "kernel"],
    "shape_flags": ["pip:absl-py"],
    "signature": [],
    "write_caller": ["callers", "library"],
}

TESTS = {
    "callers_test": {"data": ["build_info.cpp"], "deps": ["//cli:testing", "//tools/bisheng:host_toolchain"]},
    "device_test": {"deps": ["fake_npu"]},
}
