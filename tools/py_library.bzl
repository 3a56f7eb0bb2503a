"""py_library with the byte code of its sources: programs and tests need not compile what they import.

Actions run where no `__pycache__` of an earlier run is, so each start would compile all it imports. One action per package
compiles its sources; a library brings along only what belongs to its own, so an edit reaches those who read the file.
"""

load("@host_python//:defs.bzl", "PYTHON")
load("@rules_python//python:defs.bzl", _py_library = "py_library")

_ROOM = "bytecode"

_BytecodeInfo = provider(
    doc = "Byte code of the sources of a package.",
    fields = {"files": ":type: dict from File of a source to File of its byte code."},
)

def _bytecode_file(ctx, src):
    """`__pycache__/foo.cpython-311.pyc` beside `foo.py`: where Python looks for it."""
    folder = src.short_path[:-len(src.basename)][len(ctx.label.package):].strip("/")
    tag = "cpython-" + "".join(PYTHON.version.split(".")[:2])
    name = "%s.%s.pyc" % (src.basename[:-len(".py")], tag)
    return ctx.actions.declare_file("/".join(([folder] if folder else []) + ["__pycache__", name]))

def _room_bytecode_impl(ctx):
    files = {src: _bytecode_file(ctx, src) for src in ctx.files.srcs}
    args = ctx.actions.args()
    args.add_all(["-s", "-S", "-P", ctx.file._compile, PYTHON.version])
    for src, compiled in files.items():
        args.add_all([src.path, compiled.path])
    if files:
        ctx.actions.run(
            executable = PYTHON.path,
            arguments = [args],
            inputs = ctx.files.srcs + [ctx.file._compile],
            outputs = files.values(),
            env = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1"},  # byte code does not depend on either the run or the locale
            mnemonic = "CompilePython",
            progress_message = "Making byte code of //" + ctx.label.package,
        )
    return [_BytecodeInfo(files = files)]

_room_bytecode = rule(
    implementation = _room_bytecode_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".py"], doc = "Python sources of the package."),
        "_compile": attr.label(allow_single_file = True, default = "//tools:compile_room.py"),
    },
    doc = "Byte code of a package, made by one action.",
)

def _library_bytecode_impl(ctx):
    compiled = ctx.attr.room[_BytecodeInfo].files
    files = depset([compiled[src] for src in ctx.files.srcs if src in compiled])
    return [DefaultInfo(files = files)]

_library_bytecode = rule(
    implementation = _library_bytecode_impl,
    attrs = {
        # One configuration for all, or programs of the build and programs that it makes would each have their own action.
        "room": attr.label(mandatory = True, cfg = "exec", providers = [_BytecodeInfo]),
        "srcs": attr.label_list(allow_files = [".py"]),
    },
    doc = "What a package's byte code has of some of its sources.",
)

def package_bytecode(name = _ROOM, edited = []):
    """Declares the action that compiles the Python of a package; py_library does it where nobody else did.

    Args:
      name: of the target, which is the same in every package, since py_library looks for it.
      edited: patterns of sources that are not compiled. What people edit all the time would have them wait for the action.
    """
    _room_bytecode(
        name = name,
        srcs = native.glob(["**/*.py"], exclude = ["**/*_test.py"] + edited, allow_empty = True),
    )

def py_library(name, srcs = [], data = [], testonly = False, **kwargs):
    """As the py_library of rules_python, with the byte code of the sources beside them when they are run.

    Args:
      name: of the library.
      srcs: Python sources of the package.
      data: files that are needed at run time.
      testonly: whether only tests may use it.
      **kwargs: passed to the rule.
    """
    bytecode = []
    if srcs:
        if not native.existing_rule(_ROOM):
            package_bytecode()
        _library_bytecode(name = name + ".bytecode", testonly = testonly, srcs = srcs, room = ":" + _ROOM)
        bytecode = [":%s.bytecode" % name]
    _py_library(name = name, testonly = testonly, srcs = srcs, data = data + bytecode, **kwargs)
