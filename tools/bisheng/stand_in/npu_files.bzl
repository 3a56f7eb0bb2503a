"""npu_files: outputs of the chain as --config=npu makes them, with a stand-in for bisheng."""

def _npu_impl(_settings, _attr):
    return {
        "//command_line_option:extra_toolchains": "//tools/bisheng/stand_in:toolchain",
        "//tools/bisheng:backend": "npu",
    }

_npu = transition(
    implementation = _npu_impl,
    inputs = [],
    outputs = [
        "//command_line_option:extra_toolchains",
        "//tools/bisheng:backend",
    ],
)

def _npu_files_impl(ctx):
    return [DefaultInfo(files = depset(ctx.files.srcs), runfiles = ctx.runfiles(files = ctx.files.srcs))]

npu_files = rule(
    implementation = _npu_files_impl,
    attrs = {
        "srcs": attr.label_list(cfg = _npu, allow_files = True, doc = "Outputs of fa_library."),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    doc = "Builds `srcs` for the NPU, whatever the command line says.",
)
