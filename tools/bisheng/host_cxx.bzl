"""Repository rule that finds the machine's C++ compiler: `@host_cxx//:toolchain.json` (see host_toolchain.py).

`@host_cxx//:defs.bzl` has LEVELS, the levels of CPU that the runtime's loops are compiled for and the options of each, and
IDENTITY_COPTS for cc_test and cc_library: an option without effect that differs between compilers. Bazel's own C++ toolchain is found on PATH and is no
input of its actions; without the option, machines with different compilers would share results.

Override: `--repo_env=CXX=/path/to/clang++`.
"""

load(":probe.bzl", "run_probe")

_DEFS = """LEVELS = {levels}
IDENTITY_COPTS = ["-DHOST_CXX_IDENTITY={identity}"]
"""

def _host_cxx_impl(rctx):
    run_probe(rctx, "tools/bisheng", "host_toolchain", "toolchain.json")
    rctx.file("defs.bzl", _DEFS.format(
        identity = rctx.read("toolchain.sha256"),
        levels = json.decode(rctx.read("toolchain.levels")),
    ), executable = False)
    rctx.file("BUILD.bazel", 'exports_files(["toolchain.json"])\n', executable = False)

host_cxx = repository_rule(
    implementation = _host_cxx_impl,
    configure = True,
    environ = [
        "CC",
        "CXX",
        "HOST_TOOLS",  # set by tools/bazel
        "PATH",
    ],
    local = True,
    doc = "Finds g++ or clang++.",
)
