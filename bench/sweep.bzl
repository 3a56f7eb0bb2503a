"""sweep: (shape x knobs) checks and hazard runs as cacheable actions, and their results as one table."""

load("@rules_python//python:defs.bzl", "py_test")

def _sweep_point_impl(ctx):
    args = ctx.actions.args()
    args.add("--library", ctx.file.library)
    args.add("--build_info", ctx.file.build_info)
    args.add("--q_rows", ctx.attr.q_rows)
    args.add("--s1", ctx.attr.s1)
    args.add_all(ctx.attr.subjects, before_each = "--subject")
    args.add("--output", ctx.outputs.out)
    ctx.actions.run(
        executable = ctx.executable.tool,
        arguments = [args],
        inputs = [ctx.file.library, ctx.file.build_info],
        outputs = [ctx.outputs.out],
        mnemonic = "SweepPoint",
        progress_message = "Sweep: %s, q_rows %d, s1 %d" % (ctx.file.library.basename, ctx.attr.q_rows, ctx.attr.s1),
    )

_sweep_point = rule(
    implementation = _sweep_point_impl,
    attrs = {
        "build_info": attr.label(mandatory = True, allow_single_file = [".json"]),
        "library": attr.label(mandatory = True, allow_single_file = [".so"]),
        "out": attr.output(mandatory = True, doc = "Rows as JSON."),
        "q_rows": attr.int(mandatory = True),
        "s1": attr.int(mandatory = True),
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

def sweep(name, kernels, check_shapes, hazard_shapes, kinds = ["normal"], block_dims = ["1"], tags = []):
    """Declares one action per kernel and shape, `NAME.tsv` and `NAME.json` with all their rows, and `NAME_test`.

    An action runs the kernel where the build runs it: here, or on the machines of --config=remote. A point that
    somebody has computed with the same library is read from the remote cache. NAME_test fails if a row is
    wrong or failed.

    Args:
      name: of the table.
      kernels: labels of fa_library targets.
      check_shapes: (q_rows, s1) pairs that are compared with the FP32 reference.
      hazard_shapes: (q_rows, s1) pairs whose trace is judged.
      kinds: of inputs, as in //flash_atten:check.
      block_dims: cores of the traced launches, as strings.
      tags: `["manual"]` for a sweep that is not part of //... .
    """
    rows = []
    for what, suffix, shapes, subjects in [
        ("check", ".so", check_shapes, kinds),
        ("hazards", ".trace.so", hazard_shapes, block_dims),
    ]:
        for kernel in kernels:
            for q_rows, s1 in shapes:
                point = "%s_%s_%s_%dx%d" % (name, what, kernel.split(":")[-1], q_rows, s1)
                rows.append(point + ".json")
                _sweep_point(
                    name = point,
                    build_info = kernel + ".build_info.json",
                    library = kernel + suffix,
                    out = point + ".json",
                    q_rows = q_rows,
                    s1 = s1,
                    subjects = subjects,
                    tags = tags,
                    tool = "//bench:sweep_" + what,
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
