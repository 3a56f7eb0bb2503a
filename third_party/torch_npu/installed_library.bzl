"""installed_library: Python packages that are installed on this machine, used where they are."""

def _installed_library_impl(ctx):
    if ctx.attr.problem:
        fail(ctx.attr.problem)
    files = ctx.files.directories + [ctx.file.versions]
    repository = ctx.label.workspace_name
    return [
        DefaultInfo(runfiles = ctx.runfiles(files = files)),
        PyInfo(
            imports = depset(["%s/%s" % (repository, directory.basename) for directory in ctx.files.directories]),
            transitive_sources = depset(files),
        ),
    ]

installed_library = rule(
    implementation = _installed_library_impl,
    attrs = {
        "directories": attr.label_list(allow_files = True, doc = "Links to directories of the search path."),
        "problem": attr.string(doc = "Why the packages cannot be used; the build of what needs them ends with it."),
        "versions": attr.label(allow_single_file = True, mandatory = True, doc = "What is installed: other packages, another key."),
    },
    doc = "A py_library whose sources are directories of this machine. Its packages come after those of the workspace.",
)
