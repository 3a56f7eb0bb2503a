"""Repository rule that finds the real ptoas: `@external_ptoas//:toolchain`.

Looks at the environment variable PTOAS, then at PATH. Where there is none, the toolchain's program says so when it is run:
only builds that choose this toolchain (--config=external_ptoas, --config=npu) fail.
"""

_BUILD = """load("@ascend_fa//tools/ptoas/toolchain:defs.bzl", "ptoas_toolchain")

ptoas_toolchain(
    name = "external",
    kind = "external",
    tool = "ptoas",
    version = {version},
)

toolchain(
    name = "toolchain",
    toolchain = ":external",
    toolchain_type = "@ascend_fa//tools/ptoas/toolchain:toolchain_type",
)
"""

_MISSING = """#!/bin/sh
echo 'cannot assemble with the real ptoas: {problem}. Set PTOAS to the program (0.45 to 0.60 are known to fit) or put it on PATH, then run the same command again; or leave out --config=npu and --config=external_ptoas to use the embedded assembler.' >&2
exit 1
"""

def _find(rctx):
    """struct(path, version, problem) of the program; a problem leaves the rest empty."""
    path = rctx.os.environ.get("PTOAS") or rctx.which("ptoas")
    if not path:
        return struct(path = None, version = "", problem = "PTOAS is not set and there is no ptoas on PATH")
    if not rctx.path(path).exists:
        return struct(path = None, version = "", problem = "there is no %s, which PTOAS names" % path)
    result = rctx.execute([path, "--version"])
    lines = [line.strip() for line in result.stdout.splitlines() if line.strip()]
    if result.return_code != 0 or not lines:
        return struct(path = None, version = "", problem = "%s --version fails" % path)
    return struct(path = path, version = "; ".join(lines), problem = "")

def _external_ptoas_impl(rctx):
    found = _find(rctx)
    if found.path:
        rctx.symlink(found.path, "ptoas")
    else:
        rctx.file("ptoas", _MISSING.format(problem = found.problem.replace("'", "")))
    rctx.file("BUILD.bazel", _BUILD.format(version = json.encode(found.version or "missing")), executable = False)

external_ptoas = repository_rule(
    implementation = _external_ptoas_impl,
    configure = True,
    environ = [
        "PATH",
        "PTOAS",
    ],
    local = True,
)
