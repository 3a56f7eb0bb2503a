"""Repository rule that finds bisheng and the PTO-ISA headers: `@npu_bisheng//:toolchain.json` (see npu_toolchain.py).

When they are missing the file says so, and only compiling for the NPU fails.
"""

load("@host_python//:defs.bzl", "PYTHON")

def run_probe(rctx, package, module, output):
    """Runs a program of this workspace that looks for tools; it may use //tools/bisheng:probe.py besides itself.

    Args:
      rctx: of the repository rule.
      package: the program's, such as "tools/bisheng".
      module: its file without .py.
      output: file of the repository that it writes.
    """
    rctx.path(Label("//%s:%s.py" % (package, module)))  # a change of either file is noticed
    root = str(rctx.path(Label("//tools/bisheng:probe.py")).dirname.dirname.dirname)
    command = [PYTHON.path, "-S", "-B", "-P", "-m", "%s.%s" % (package.replace("/", "."), module), output]
    result = rctx.execute(command, environment = {"PYTHONPATH": root})
    if result.return_code != 0:
        fail(result.stderr)

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
