"""py_binary and py_test: a shell launcher that starts the machine's Python on `main`."""

load("@host_python//:defs.bzl", "PYTHON")
load(":py_library.bzl", "COMMON_ATTRS", "collect_py_info", "collect_runfiles")

def _main_file(ctx):
    if ctx.file.main:
        return ctx.file.main
    if len(ctx.files.srcs) == 1:
        return ctx.files.srcs[0]
    wanted = ctx.label.name.split("/")[-1] + ".py"
    for src in ctx.files.srcs:
        if src.basename == wanted:
            return src
    fail("%s has several srcs and none is named %s; say which one is started: main = \"...\"" % (ctx.label, wanted))

def _runfiles_path(ctx, file):
    if file.short_path.startswith("../"):
        return file.short_path[len("../"):]
    return ctx.workspace_name + "/" + file.short_path

def _shell_quote(text):
    return "'" + text.replace("'", "'\\''") + "'"

def _py_executable_impl(ctx):
    py_info = collect_py_info(ctx)
    main = _main_file(ctx)
    launcher = ctx.actions.declare_file(ctx.label.name)
    search_path = [ctx.workspace_name] + py_info.imports.to_list()
    ctx.actions.expand_template(
        template = ctx.file._launcher,
        output = launcher,
        is_executable = True,
        substitutions = {
            "%{env}": "".join([
                "export %s=%s\n" % (name, _shell_quote(value))
                for name, value in sorted(ctx.attr.env.items())
            ]),
            "%{main}": _runfiles_path(ctx, main),
            "%{python}": PYTHON.path,
            "%{search_path}": ":".join(["$runfiles/" + path for path in search_path]),
            "%{version}": PYTHON.version,
        },
    )
    runfiles = collect_runfiles(ctx, py_info).merge(ctx.runfiles(files = [launcher, main]))
    return [
        DefaultInfo(executable = launcher, files = depset([launcher]), runfiles = runfiles),
        py_info,
    ]

_EXECUTABLE_ATTRS = dict(
    COMMON_ATTRS,
    env = attr.string_dict(doc = "Environment variables of the program."),
    main = attr.label(allow_single_file = [".py"], doc = "The source that is started; needed when there are several and none is named like the target."),
    _launcher = attr.label(allow_single_file = True, default = "//python/private:launcher.sh.tpl"),
)

py_binary = rule(
    implementation = _py_executable_impl,
    attrs = _EXECUTABLE_ATTRS,
    executable = True,
    doc = "A Python program.",
)

py_test = rule(
    implementation = _py_executable_impl,
    attrs = _EXECUTABLE_ATTRS,
    test = True,
    doc = "A Python program that is a test: exit status 0 means passed.",
)
