"""What each Python file of //tools/bisheng imports, and what each test needs besides."""

load(":host_machine.bzl", "OBJECTS")

FILES = {
    "command_line": ["library"],
    "deciding_loads": [],
    "host_compile": ["deciding_loads", "host_machine", "host_source"],
    "host_compiler": ["command_line", "host_compile"],
    "host_flags": ["host_toolchain", "library"],
    "host_machine": ["host_flags"],
    "host_source": [],
    "host_toolchain": ["probe"],
    "library": ["probe"],
    "machine_compiler": ["host_machine"],
    "npu_compile": ["library", "npu_toolchain"],
    "npu_compiler": ["command_line", "npu_compile"],
    "npu_toolchain": ["probe"],
    "probe": [],
}

TESTS = {
    "host_compile_test": {"data": ["//runtime:machine_sources"], "deps": [":host_compile"], "size": "medium"},
    "host_machine_test": {"data": ["//runtime:machine_sources"] + OBJECTS.keys(), "size": "medium"},
    "npu_toolchain_test": {"deps": ["npu_compile"]},
}
