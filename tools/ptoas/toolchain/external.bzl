"""Repository rule that finds the real ptoas (see find_ptoas.py): `@external_ptoas//:toolchain`, and `:npu_toolchain` for
builds that need bisheng, too.

Where there is no usable ptoas, the toolchain's program says so when it is run: only builds that choose this toolchain
(--config=external_ptoas, --config=npu) fail. The one of :npu_toolchain names everything that is missing for the NPU.
"""

load("//tools/bisheng:probe.bzl", "run_probe")

_BUILD = """load("@ascend_fa//tools/ptoas/toolchain:defs.bzl", "ptoas_toolchain")

[
    (
        ptoas_toolchain(
            name = kind + "external",
            kind = "external",
            tool = kind + "ptoas",
            version = {version},
        ),
        toolchain(
            name = kind + "toolchain",
            toolchain = ":" + kind + "external",
            toolchain_type = "@ascend_fa//tools/ptoas/toolchain:toolchain_type",
        ),
    )
    for kind in ["", "npu_"]
]
"""

_FOUND = """#!/bin/sh
# sha256 of the program: {sha256}
exec '{path}' "$@"
"""

_MISSING = """#!/bin/sh
echo '{problem}' >&2
exit 1
"""

def _ask(rctx, package, module):
    """What a probe wrote, decoded."""
    run_probe(rctx, package, module, module + ".json")
    return json.decode(rctx.read(module + ".json"))

def _program(found, problem):
    if found["path"]:
        return _FOUND.format(path = found["path"].replace("'", "'\\''"), sha256 = found["sha256"])
    return _MISSING.format(problem = problem.replace("'", "'\\''"))

def _joined(problems):
    """All problems; what PATH is, which each ends with, once."""
    lines = [line for problem in problems for line in problem.split("\n")]
    path = [line for line in lines if line.startswith("PATH is ")]
    return "\n".join([line for line in lines if line not in path] + path[:1])

def _external_ptoas_impl(rctx):
    found = _ask(rctx, "tools/ptoas/toolchain", "find_ptoas")
    npu = _ask(rctx, "tools/bisheng", "npu_toolchain")
    problems = [problem for problem in [found["problem"], npu["problem"]] if problem]
    rctx.file("ptoas", _program(found, found["problem"]))
    rctx.file("npu_ptoas", _program(found, _joined(problems)))
    rctx.file("BUILD.bazel", _BUILD.format(version = json.encode(found["version"] or "missing")), executable = False)

external_ptoas = repository_rule(
    implementation = _external_ptoas_impl,
    configure = True,
    environ = [
        "ASCEND_HOME_PATH",
        "ASCEND_TOOLKIT_HOME",
        "BISHENG",
        "DEVICE_TOOLS",  # set by tools/bazel
        "PATH",
        "PTOAS",
        "PTO_LIB_PATH",
    ],
    local = True,
)
