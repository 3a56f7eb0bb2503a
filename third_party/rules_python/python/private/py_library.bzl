"""py_library, and what the executable rules share with it."""

BuiltinPyInfo = PyInfo

COMMON_ATTRS = {
    "srcs": attr.label_list(allow_files = [".py"], doc = "Python sources."),
    "deps": attr.label_list(providers = [PyInfo], doc = "Python libraries that the sources import."),
    "data": attr.label_list(allow_files = True, doc = "Files and programs needed at run time; found under the runfiles root."),
    "imports": attr.string_list(doc = "Directories, relative to the package, that are added to sys.path."),
}

def import_dir(ctx, path):
    """The entry of sys.path for a directory of the package.

    Args:
      ctx: of the rule.
      path: of the directory, relative to the package.

    Returns:
      The directory, relative to the runfiles root.
    """
    repository = ctx.label.workspace_name or ctx.workspace_name
    parts = []
    for part in "/".join([repository, ctx.label.package, path]).split("/"):
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)

def collect_py_info(ctx):
    """PyInfo of the target itself and everything below it."""
    infos = [dep[PyInfo] for dep in ctx.attr.deps]
    return PyInfo(
        transitive_sources = depset(ctx.files.srcs, transitive = [info.transitive_sources for info in infos]),
        imports = depset(
            [import_dir(ctx, path) for path in ctx.attr.imports],
            transitive = [info.imports for info in infos],
        ),
    )

def collect_runfiles(ctx, py_info):
    """What a program needs when it runs.

    Args:
      ctx: of the rule.
      py_info: what `collect_py_info` returned.

    Returns:
      Runfiles: all sources, `data` with its runfiles, and those of the deps.
    """
    runfiles = ctx.runfiles(files = ctx.files.data, transitive_files = py_info.transitive_sources)
    for target in ctx.attr.data + ctx.attr.deps:
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
        runfiles = runfiles.merge(target[DefaultInfo].data_runfiles)
    return runfiles

def _py_library_impl(ctx):
    py_info = collect_py_info(ctx)
    return [
        DefaultInfo(files = depset(ctx.files.srcs), runfiles = collect_runfiles(ctx, py_info)),
        py_info,
    ]

py_library = rule(
    implementation = _py_library_impl,
    attrs = COMMON_ATTRS,
    doc = "Python sources that are imported by others.",
)
