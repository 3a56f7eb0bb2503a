"""host_machine: what all kernels on the host share, compiled once: the machine of each mode, the loops for each level of CPU."""

load("@host_cxx//:defs.bzl", "LEVELS")
load(":toolchain.bzl", "MODES")

# Parts and the modes that are linked with them; host_machine.py says what is in each.
PARTS = dict([(mode, mode) for mode in MODES] + [(level, "execute") for level in LEVELS])

def part_file(part):
    """Returns the name of the object with a part."""
    return "machine.%s.o" % part

# Objects of //runtime and the modes that are linked with them.
OBJECTS = {"//runtime:" + part_file(part): mode for part, mode in PARTS.items()}

def _host_machine_impl(ctx):
    args = ctx.actions.args()
    args.add("--output", ctx.outputs.object)
    args.add("--toolchain", ctx.file._identity)
    args.add("--part", ctx.attr.part)
    ctx.actions.run(
        executable = ctx.executable._compiler,
        arguments = [args],
        inputs = [ctx.file._identity],
        outputs = [ctx.outputs.object],
        mnemonic = "CompileMachine",
        progress_message = "Compiling the machine for the host (%s)" % ctx.attr.part,
    )
    return [DefaultInfo(files = depset([ctx.outputs.object]))]

host_machine = rule(
    implementation = _host_machine_impl,
    attrs = {
        "object": attr.output(mandatory = True),
        "part": attr.string(mandatory = True),
        "_compiler": attr.label(default = "//tools/bisheng:machine_compiler", executable = True, cfg = "exec"),
        "_identity": attr.label(default = "@host_cxx//:toolchain.json", allow_single_file = True),
    },
)
