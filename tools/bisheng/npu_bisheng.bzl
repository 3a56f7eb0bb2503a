"""Repository rule that finds bisheng and the PTO-ISA headers: `@npu_bisheng//:toolchain.json` (see npu_toolchain.py).

When they are missing the file says so, and only compiling for the NPU fails.
"""

load("@host_python//:defs.bzl", "PYTHON")

def _npu_bisheng_impl(rctx):
    probe = rctx.path(Label("//tools/bisheng:npu_toolchain.py"))
    result = rctx.execute([PYTHON.path, "-I", "-S", "-B", probe, "toolchain.json"])
    if result.return_code != 0:
        fail(result.stderr)
    rctx.file("BUILD.bazel", 'exports_files(["toolchain.json"])\n', executable = False)

npu_bisheng = repository_rule(
    implementation = _npu_bisheng_impl,
    configure = True,
    environ = [
        "ASCEND_HOME_PATH",
        "ASCEND_TOOLKIT_HOME",
        "BISHENG",
        "PATH",
        "PTO_LIB_PATH",
    ],
    local = True,
)
