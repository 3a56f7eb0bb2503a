"""Repository rule for torch_npu with its torch: `@torch_npu`, what programs for the device import.

torch_npu fits one torch and a range of CANN versions, and whoever has a device has installed those that fit. So the
installed ones are taken: of the python3 on PATH, else of the Python that programs run on. Where there are none, or with
--repo_env=TORCH_NPU=locked, it is the version of a lock file.
"""

load("@host_python//:defs.bzl", "PYTHON")

_INSTALLED = """load("@ascend_fa//third_party/torch_npu:installed_library.bzl", "installed_library")

# {installed}
installed_library(
    name = "torch_npu",
    directories = {directories},
    problem = {problem},
    versions = "versions.json",
    visibility = ["//visibility:public"],
)
"""

_LOCKED = """load("@{locked}//:requirements.bzl", "requirement")

alias(
    name = "torch_npu",
    actual = requirement("torch-npu"),
    visibility = ["//visibility:public"],
)
"""

_UNUSABLE = "cannot use the torch_npu of this machine: %s; or take the locked version with --repo_env=TORCH_NPU=locked, if this machine's CANN knows it (docs/npu.md)"

def _find(rctx):
    """What find_torch_npu.py says of the first Python that has torch_npu; None if none has."""
    program = rctx.path(Label("//third_party/torch_npu:find_torch_npu.py"))
    wanted = ".".join(PYTHON.version.split(".")[:2])
    for python in [rctx.which("python3"), PYTHON.path]:
        if not python:
            continue
        result = rctx.execute([python, "-B", program, wanted])
        found = json.decode(result.stdout) if result.return_code == 0 else None
        if found and found["installed"]:
            return found
    return None

def _torch_npu_impl(rctx):
    choice = rctx.os.environ.get("TORCH_NPU", "installed")
    if choice not in ("installed", "locked"):
        fail("TORCH_NPU=%s is not a choice: installed (the default) takes what this machine has, locked the lock file's version" % choice)
    found = _find(rctx) if choice == "installed" else None
    if not found:
        rctx.file("BUILD.bazel", _LOCKED.format(locked = rctx.attr.locked), executable = False)
        return
    directories = []
    for path in found["paths"]:
        directories.append("site%d" % len(directories))
        rctx.symlink(path, directories[-1])
    rctx.file("versions.json", json.encode(found["installed"]) + "\n", executable = False)
    rctx.file("BUILD.bazel", _INSTALLED.format(
        directories = json.encode(directories),
        installed = ", ".join(["%s %s" % pair for pair in found["installed"].items()]),
        problem = json.encode(_UNUSABLE % found["problem"] if found["problem"] else ""),
    ), executable = False)

torch_npu = repository_rule(
    implementation = _torch_npu_impl,
    attrs = {"locked": attr.string(mandatory = True, doc = "Name of the pip_repository with the locked version.")},
    configure = True,
    environ = [
        "DEVICE_TOOLS",  # set by tools/bazel
        "HOME",  # packages of the user
        "PATH",
        "PYTHONPATH",  # CANN's set_env.sh adds to it
        "TORCH_NPU",
    ],
    local = True,
)
