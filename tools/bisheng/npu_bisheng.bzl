"""Repository rule that finds bisheng and the PTO-ISA headers: `@npu_bisheng//:toolchain.json` (see npu_toolchain.py).

When they are missing the file says so, and only compiling for the NPU fails.
"""

load(":probe.bzl", "run_probe")

def _npu_bisheng_impl(rctx):
    run_probe(rctx, "tools/bisheng", "npu_toolchain", "toolchain.json")
    rctx.file("BUILD.bazel", 'exports_files(["toolchain.json"])\n', executable = False)

npu_bisheng = repository_rule(
    implementation = _npu_bisheng_impl,
    configure = True,
    environ = [
        "ASCEND_HOME_PATH",
        "ASCEND_TOOLKIT_HOME",
        "BISHENG",
        "DEVICE_TOOLS",  # set by tools/bazel
        "PATH",
        "PTO_LIB_PATH",
    ],
    local = True,
)
