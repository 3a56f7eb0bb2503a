"""Python distributions from the package index that pip is configured for.

`pip_repository(name = "pip", requirements_lock = ...)` makes two repositories:
* `@pip//:requirements.bzl` with `requirement("xdsl")` and `all_requirements`; cheap, nothing is downloaded;
* `@pip_wheels`, the wheels themselves, downloaded by the machine's pip when a target that needs one is built. Each becomes
  one target with one directory output; what a wheel requires becomes its deps.
"""

load("@host_python//:defs.bzl", "PYTHON")

_DOWNLOAD_TIMEOUT_S = 3600

# pip's own settings are the user's; modules that shadow pip's are not.
_CLEAN = {"PYTHONPATH": ""}

_REQUIREMENTS_BZL = '''"""Labels of the distributions in {lock}."""

_NAMES = {names}

all_requirements = ["@{wheels}//:" + name for name in _NAMES]

def requirement(name):
    """Label of the py_library that is the distribution `name`."""
    normalized = name.lower().replace("_", "-").replace(".", "-")
    if normalized not in _NAMES:
        fail("%s is not in {lock}. Add it to the requirements and run: tools/bazel run //third_party/pip:lock" % name)
    return "@{wheels}//:" + normalized
'''

_FAILED = """pip could not download {lock}:
{stderr}
Index, proxy and certificate are pip's own settings (`pip config list`). {hint}The command was:
    {command}
"""

def _locked_names(text):
    names = []
    for line in text.splitlines():
        if "==" in line and line[0] not in "# ":
            names.append(line.split("==")[0].strip().lower().replace("_", "-").replace(".", "-"))
    return names

def _pip_hub_impl(rctx):
    lock = rctx.attr.requirements_lock
    rctx.file("BUILD.bazel", "", executable = False)
    rctx.file("requirements.bzl", _REQUIREMENTS_BZL.format(
        lock = "//%s:%s" % (lock.package, lock.name),
        names = json.encode(_locked_names(rctx.read(lock))),
        wheels = rctx.attr.wheels,
    ), executable = False)

_pip_hub = repository_rule(
    implementation = _pip_hub_impl,
    attrs = {
        "requirements_lock": attr.label(mandatory = True, allow_single_file = True),
        "wheels": attr.string(mandatory = True, doc = "Name of the repository with the wheels."),
    },
)

def _pip_command(rctx):
    """The machine's pip; where there is only ensurepip, one in a virtual environment of this repository."""
    if PYTHON.has_pip:
        return [PYTHON.path, "-m", "pip"]
    result = rctx.execute([PYTHON.path, "-m", "venv", "venv"], environment = _CLEAN)
    if result.return_code != 0:
        fail("%s has no pip, and a virtual environment with pip cannot be made (Debian: apt-get install python3-pip):\n%s" % (
            PYTHON.path,
            result.stdout + result.stderr,
        ))
    return ["venv/bin/python", "-m", "pip"]

def _pip_wheels_impl(rctx):
    lock = rctx.attr.requirements_lock
    pip = _pip_command(rctx)
    rctx.report_progress("pip downloads //%s:%s" % (lock.package, lock.name))
    command = pip + ["download", "--quiet", "--no-input", "--disable-pip-version-check", "--only-binary=:all:", "--dest=wheels"]
    if rctx.attr.require_hashes:
        command += ["--require-hashes", "--no-deps"]
    command += ["--requirement", str(rctx.path(lock))]
    result = rctx.execute(command, timeout = _DOWNLOAD_TIMEOUT_S, environment = _CLEAN)
    if result.return_code != 0:
        # Bazel says what fails up to three times; a print is said once.
        # buildifier: disable=print
        print(_FAILED.format(
            command = " ".join(command),
            hint = rctx.attr.hint + " " if rctx.attr.hint else "",
            lock = "//%s:%s" % (lock.package, lock.name),
            stderr = "\n".join(result.stderr.strip().splitlines()[-20:]),
        ))
        fail("pip could not download //%s:%s; what pip said stands above, once" % (lock.package, lock.name))
    index = [pip[0], "-B", rctx.path(Label("//third_party/pip:index_wheels.py")), "wheels"]
    result = rctx.execute(index, environment = _CLEAN)
    if result.return_code != 0:
        fail("the downloaded wheels could not be read:\n" + result.stderr)
    rctx.delete("venv")
    rctx.file("BUILD.bazel", result.stdout, executable = False)

_pip_wheels = repository_rule(
    implementation = _pip_wheels_impl,
    attrs = {
        "hint": attr.string(doc = "What can be done without these wheels; said when they cannot be downloaded."),
        "require_hashes": attr.bool(default = True),
        "requirements_lock": attr.label(mandatory = True, allow_single_file = True),
    },
)

def pip_repository(name, requirements_lock, require_hashes = True, hint = ""):
    """Declares `@name` (labels) and `@name_wheels` (downloads).

    Args:
      name: of the repository that BUILD files load `requirement` from.
      requirements_lock: requirements file with exact versions.
      require_hashes: whether every distribution must be listed with its hash. Without, pip also adds what the listed
        ones need.
      hint: what can be done without these wheels; said when they cannot be downloaded.
    """
    _pip_hub(name = name, requirements_lock = requirements_lock, wheels = name + "_wheels")
    _pip_wheels(
        name = name + "_wheels",
        hint = hint,
        requirements_lock = requirements_lock,
        require_hashes = require_hashes,
    )
