"""Repository rule for buildifier, which npm downloads: the registries of packages are all that a build may contact.

`@buildifier//:program` is one file: `buildifier`, or `problem.txt`, which says why there is none. A problem is not an
error here: it would end the build of everything else.
"""

_VERSION = "8.2.1"
_SHA256 = "b96ea9b13003036c801f52bee6f9b0314738f8432e5cb9d814c89f59292604ee"

_PROGRAMS = {
    "aarch64": "buildifier-linux_arm64",
    "x86_64": "buildifier-linux_amd64",
}

_NO_NPM = """no buildifier: no npm was found that could bring it for this machine. With npm: tools/bazel sync --only=buildifier
"""

_FAILED = """error: npm could not download @bazel/buildifier@{version}:
{stderr}
Registry, proxy and certificate are npm's own settings (`npm config list`). Then: tools/bazel sync --only=buildifier
"""

def _download(rctx, npm, program):
    """Brings the program as the file `buildifier`; returns None, or what went wrong."""
    package = "@bazel/buildifier@" + _VERSION
    rctx.report_progress("npm downloads " + package)
    result = rctx.execute([npm, "pack", "--loglevel=error", package], environment = {
        "npm_config_cache": str(rctx.path("npm-cache")),
    })
    rctx.delete("npm-cache")
    if result.return_code != 0:
        return _FAILED.format(stderr = result.stderr.strip(), version = _VERSION)
    archive = rctx.path(result.stdout.strip())
    rctx.download_and_extract(url = "file://%s" % archive, sha256 = _SHA256, stripPrefix = "package")
    rctx.delete(archive)
    rctx.symlink(program, "buildifier")
    return None

def _buildifier_impl(rctx):
    npm = rctx.which("npm")
    program = _PROGRAMS.get(rctx.execute(["uname", "-m"]).stdout.strip())
    problem = _download(rctx, npm, program) if npm and program else _NO_NPM
    if problem:
        rctx.file("problem.txt", problem, executable = False)
    rctx.file(
        "BUILD.bazel",
        """filegroup(name = "program", srcs = ["%s"], visibility = ["//visibility:public"])\n""" %
        ("problem.txt" if problem else "buildifier"),
        executable = False,
    )

buildifier = repository_rule(implementation = _buildifier_impl)
