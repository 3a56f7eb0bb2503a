"""wheel: what targets need of this workspace when they run, and kernel libraries beside it, for pip."""

def _wheel_impl(ctx):
    out = ctx.actions.declare_file("-".join([ctx.attr.distribution, ctx.attr.version, ctx.attr.tag]) + ".whl")
    needed = depset(transitive = [dep[DefaultInfo].default_runfiles.files for dep in ctx.attr.deps]).to_list()

    # What lies outside of the workspace comes from the index: `requires` names it. Byte code is of one Python, pip makes it anew.
    files = [file for file in needed if not file.short_path.startswith("../") and file.extension != "pyc"]
    files += [file for file in ctx.files.libraries if file.extension == "so" and file not in files]
    args = ctx.actions.args()
    args.add("--output=" + out.path)
    args.add("--python=" + ctx.attr.python)
    args.add_all(ctx.attr.requires, format_each = "--requires=%s")
    args.add_all(["%s=%s" % (file.short_path, file.path) for file in files])
    ctx.actions.run(
        executable = ctx.executable._pack,
        arguments = [args],
        inputs = files,
        outputs = [out],
        mnemonic = "PackWheel",
        progress_message = "Packing " + out.short_path,
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

wheel = rule(
    implementation = _wheel_impl,
    attrs = {
        "deps": attr.label_list(mandatory = True, providers = [PyInfo], doc = "Their modules, what these import, and their data."),
        "distribution": attr.string(mandatory = True, doc = "Name for pip, without hyphens."),
        "libraries": attr.label_list(allow_files = True, doc = "Kernel libraries; they lie where their targets do."),
        "python": attr.string(mandatory = True, doc = "Versions of Python, as pip writes them."),
        "requires": attr.string_list(doc = "Distributions of the index that are needed, as pip writes them."),
        "tag": attr.string(mandatory = True, doc = "Python, ABI and platform."),
        "version": attr.string(mandatory = True),
        "_pack": attr.label(cfg = "exec", default = "//tools/wheel:pack", executable = True),
    },
    doc = "A wheel for pip; the same contents give the same bytes.",
)
