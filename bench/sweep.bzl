"""sweep: (shape x knobs) checks and hazard runs as cacheable actions, and their results as one table."""

load("@rules_python//python:defs.bzl", "py_binary", "py_test")

def _sweep_point_impl(ctx):
    args = ctx.actions.args()
    args.add("--library", ctx.file.library)
    args.add("--shape", ctx.attr.shape)
    args.add_all(ctx.attr.subjects, before_each = "--subject")
    args.add("--output", ctx.outputs.out)
    ctx.actions.run(
        executable = ctx.executable.tool,
        arguments = [args],
        inputs = [ctx.file.library],
        outputs = [ctx.outputs.out],
        mnemonic = "SweepPoint",
        progress_message = "Sweep: %s, %s" % (ctx.file.library.basename, ctx.attr.shape),
    )

_sweep_point = rule(
    implementation = _sweep_point_impl,
    attrs = {
        "library": attr.label(mandatory = True, allow_single_file = [".so"]),
        "out": attr.output(mandatory = True, doc = "Rows as JSON."),
        "shape": attr.string(mandatory = True, doc = "Sizes as NAME=VALUE,NAME=VALUE."),
        "subjects": attr.string_list(mandatory = True),
        "tool": attr.label(mandatory = True, executable = True, cfg = "target"),
    },
)

def _sweep_table_impl(ctx):
    args = ctx.actions.args()
    args.add("--output", ctx.outputs.tsv)
    args.add("--json", ctx.outputs.json)
    args.add_all(ctx.files.rows)
    ctx.actions.run(
        executable = ctx.executable._merge,
        arguments = [args],
        inputs = ctx.files.rows,
        outputs = [ctx.outputs.tsv, ctx.outputs.json],
        mnemonic = "SweepTable",
        progress_message = "Merging " + ctx.outputs.tsv.short_path,
    )

_sweep_table = rule(
    implementation = _sweep_table_impl,
    attrs = {
        "json": attr.output(mandatory = True),
        "rows": attr.label_list(mandatory = True, allow_files = [".json"]),
        "tsv": attr.output(mandatory = True),
        "_merge": attr.label(default = "//bench:sweep_merge", executable = True, cfg = "exec"),
    },
)

def sweep_programs(name, deps):
    """Declares the programs of a sweep's actions: NAME_check and NAME_hazards.

    Args:
      name: of both.
      deps: libraries with the files that the kernels name (kernel_library(kernel = ...)).
    """
    for what in ["check", "hazards"]:
        py_binary(
            name = "%s_%s" % (name, what),
            srcs = ["//bench:sweep_%s.py" % what],
            main = "//bench:sweep_%s.py" % what,
            deps = ["//bench:sweep_" + what] + deps,
        )

def sweep(
        name,
        kernels,
        check_shapes,
        hazard_shapes,
        kinds = ["normal"],
        block_dims = ["1"],
        programs = "//bench:sweep_fa",
        tags = []):
    """Declares one action per kernel and shape, `NAME.tsv` and `NAME.json` with all their rows, and `NAME_test`.

    An action runs the kernel where the build runs it: here, or on the machines of --config=remote. A point that
    somebody has computed with the same library is read from the remote cache. NAME_test fails if a row is
    wrong or failed.

    Args:
      name: of the table.
      kernels: labels of kernel_library targets.
      check_shapes: shapes that are compared with the reference: the kernel's sizes, as "rows=64,cols=32".
      hazard_shapes: likewise, whose trace is judged.
      kinds: of operands, among those that the kernel has.
      block_dims: cores of the traced launches, as strings.
      programs: label of `sweep_programs` that have the file which the kernels name.
      tags: `["manual"]` for a sweep that is not part of //... .
    """
    rows = []
    for what, suffix, shapes, subjects in [
        ("check", ".so", check_shapes, kinds),
        ("hazards", ".trace.so", hazard_shapes, block_dims),
    ]:
        for kernel in kernels:
            for shape in shapes:
                sizes = "x".join([size.split("=")[1] for size in shape.split(",")])
                point = "%s_%s_%s_%s" % (name, what, kernel.split(":")[-1], sizes)
                rows.append(point + ".json")
                _sweep_point(
                    name = point,
                    library = kernel + suffix,
                    out = point + ".json",
                    shape = shape,
                    subjects = subjects,
                    tags = tags,
                    tool = "%s_%s" % (programs, what),
                )
    _sweep_table(
        name = name,
        json = name + ".json",
        rows = rows,
        tags = tags,
        tsv = name + ".tsv",
    )
    py_test(
        name = name + "_test",
        size = "small",
        srcs = ["//bench:sweep_merge.py"],
        args = ["--judge", "$(rootpath %s.json)" % name],
        data = [name + ".json"],
        main = "//bench:sweep_merge.py",
        tags = tags,
        deps = ["//bench:sweep_row"],
    )

def sweeps(name, table):
    """Declares several.

    Args:
      name: what their names begin with.
      table: arguments of `sweep` by the rest of its name.
    """
    for rest, arguments in table.items():
        sweep(name = name + rest, **arguments)
