"""Repository rule that finds the machine's C++ compiler: `@host_cxx//:toolchain.json` (see host_toolchain.py), and its
-march as `MARCH` of `@host_cxx//:defs.bzl`.

Overrides: `--repo_env=CXX=/path/to/clang++`, and `--repo_env=HOST_CXX_MARCH=x86-64-v3` where machines with different CPUs
share a cache.
"""

load("@host_python//:defs.bzl", "PYTHON")

def _host_cxx_impl(rctx):
    probe = rctx.path(Label("//tools/bisheng:host_toolchain.py"))
    result = rctx.execute([PYTHON.path, "-s", "-S", "-P", "-B", probe, "toolchain.json"])
    if result.return_code != 0:
        fail(result.stderr)
    march = json.decode(rctx.read("toolchain.json"))["march"]
    rctx.file("defs.bzl", "MARCH = %s\n" % repr(march), executable = False)
    rctx.file("BUILD.bazel", 'exports_files(["toolchain.json"])\n', executable = False)

host_cxx = repository_rule(
    implementation = _host_cxx_impl,
    configure = True,
    environ = [
        "CXX",
        "HOST_CXX_MARCH",
        "PATH",
    ],
    local = True,
    doc = "Finds g++ or clang++ and the psABI level of the CPU.",
)
