"""wheel_library: one Python distribution as one directory."""

load("@host_python//:defs.bzl", "PYTHON")

def _wheel_library_impl(ctx):
    site = ctx.actions.declare_directory(ctx.label.name + ".site")

    # A damaged entry of a remote cache that names no outputs leaves a directory empty, and Bazel takes that for the result; a file
    # that is not there ends the build.
    complete = ctx.actions.declare_file(ctx.label.name + ".complete")
    ctx.actions.run(
        executable = PYTHON.path,
        arguments = ["-s", "-S", "-P", ctx.file._unpack.path, ctx.file.wheel.path, site.path, PYTHON.version, complete.path],
        inputs = [ctx.file.wheel, ctx.file._unpack],
        outputs = [site, complete],
        env = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1"},  # byte code does not depend on either the run or the locale
        mnemonic = "UnpackWheel",
        progress_message = "Unpacking " + ctx.file.wheel.basename,
    )
    runfiles = ctx.runfiles(files = [site])
    for dep in ctx.attr.deps:
        runfiles = runfiles.merge(dep[DefaultInfo].default_runfiles)
    infos = [dep[PyInfo] for dep in ctx.attr.deps]
    import_dir = "/".join([ctx.label.workspace_name, ctx.label.package, site.basename]).replace("//", "/")
    return [
        DefaultInfo(files = depset([site]), runfiles = runfiles),
        PyInfo(
            transitive_sources = depset([site], transitive = [info.transitive_sources for info in infos]),
            imports = depset([import_dir], transitive = [info.imports for info in infos]),
        ),
    ]

wheel_library = rule(
    implementation = _wheel_library_impl,
    attrs = {
        "deps": attr.label_list(providers = [PyInfo], doc = "The distributions that it requires."),
        "wheel": attr.label(mandatory = True, allow_single_file = [".whl"]),
        "_unpack": attr.label(allow_single_file = True, default = "@ascend_fa//third_party/pip:unpack_wheel.py"),
    },
    doc = "A py_library whose only source is the directory that the wheel unpacks to.",
)
