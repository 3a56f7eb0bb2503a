"""host_machine: the part of the CPU runtime that all kernels share, compiled once per mode."""

def _host_machine_impl(ctx):
    args = ctx.actions.args()
    args.add("--output", ctx.outputs.object)
    args.add("--toolchain", ctx.file._identity)
    args.add("--mode", ctx.attr.mode)
    ctx.actions.run(
        executable = ctx.executable._compiler,
        arguments = [args],
        inputs = [ctx.file._identity],
        outputs = [ctx.outputs.object],
        mnemonic = "CompileMachine",
        progress_message = "Compiling the machine for the host (%s)" % ctx.attr.mode,
    )
    return [DefaultInfo(files = depset([ctx.outputs.object]))]

host_machine = rule(
    implementation = _host_machine_impl,
    attrs = {
        "mode": attr.string(mandatory = True),
        "object": attr.output(mandatory = True),
        "_compiler": attr.label(default = "//tools/bisheng:machine_compiler", executable = True, cfg = "exec"),
        "_identity": attr.label(default = "@host_cxx//:toolchain.json", allow_single_file = True),
    },
)
