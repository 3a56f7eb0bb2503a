"""Repository rule that finds the machine's Python.

`@host_python//:defs.bzl` has PYTHON = struct(path, version, has_pip); `@host_python//:toolchain` is the same interpreter as
a Bazel Python toolchain. The system's own python3 comes first, so that the result does not depend on the caller's PATH.
"""

_MINIMUM = (3, 11)  # xdsl 0.74 needs it
_MAXIMUM = (3, 13)  # newest Python that numpy 2.2 has wheels for
_SYSTEM_PYTHON = "/usr/bin/python3"
_NAMES = ["python3", "python3.13", "python3.12", "python3.11", "python"]

_DEFS = '''"""The machine's Python, as found by the repository rule host_python."""

PYTHON = struct(
    path = "{path}",
    version = "{version}",
    has_pip = {has_pip},
)
'''

_BUILD = """load("@bazel_tools//tools/python:toolchain.bzl", "py_runtime_pair")

package(default_visibility = ["//visibility:public"])

exports_files(["defs.bzl"])

py_runtime(
    name = "runtime",
    interpreter_path = "{path}",
    python_version = "PY3",
)

py_runtime_pair(
    name = "runtime_pair",
    py3_runtime = ":runtime",
)

toolchain(
    name = "toolchain",
    toolchain = ":runtime_pair",
    toolchain_type = "@bazel_tools//tools/python:toolchain_type",
)
"""

_MISSING = """no suitable Python was found: CPython {minimum} to {maximum} (xdsl needs {minimum}), with pip or ensurepip.
Looked at:
{tried}
Install one and run the same command again; on Debian 12 or Ubuntu 24.04:
    apt-get install python3 python3-pip
"""

def _parse(version):
    return tuple([int(part) for part in version.split(".")[:2]])

def _text(version):
    return "%d.%d" % version

def _probe(rctx, command):
    """struct(info, problem): what the interpreter says of itself, and why it cannot be used ("" when it can)."""
    result = rctx.execute([command, "-B", rctx.path(Label("//third_party/python:probe.py"))], environment = {"PYTHONPATH": ""})
    if result.return_code != 0:
        return struct(info = None, problem = "does not start")
    info = json.decode(result.stdout)
    if info["implementation"] != "cpython":
        return struct(info = None, problem = "is %s, not CPython" % info["implementation"])
    if not (_MINIMUM <= _parse(info["version"]) and _parse(info["version"]) <= _MAXIMUM):
        return struct(info = None, problem = "is Python " + info["version"])
    if not (info["has_pip"] or info["has_ensurepip"]):
        return struct(info = None, problem = "has neither pip nor ensurepip (Debian: python3-pip)")
    return struct(info = info, problem = "")

def _host_python_impl(rctx):
    candidates = []
    for path in [_SYSTEM_PYTHON] + [rctx.which(name) for name in _NAMES]:
        if path and str(path) not in candidates and rctx.path(path).exists:
            candidates.append(str(path))
    tried = []
    for candidate in candidates:
        found = _probe(rctx, candidate)
        if found.info:
            rctx.file("defs.bzl", _DEFS.format(**found.info), executable = False)
            rctx.file("BUILD.bazel", _BUILD.format(**found.info), executable = False)
            return
        tried.append("    %s %s" % (candidate, found.problem))
    fail(_MISSING.format(
        minimum = _text(_MINIMUM),
        maximum = _text(_MAXIMUM),
        tried = "\n".join(tried or ["    (no python3 on PATH)"]),
    ))

host_python = repository_rule(
    implementation = _host_python_impl,
    configure = True,
    environ = [
        "HOST_TOOLS",  # set by tools/bazel
        "PATH",
    ],
    local = True,
    doc = "Finds CPython >= 3.11 with pip: the system's python3, else the first one on PATH.",
)
