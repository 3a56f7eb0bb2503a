"""The assembler as a toolchain: MLIR of the `pto` dialect in, C++ out.

The command line is the contract, the same for the embedded assembler and the real one:
    ptoas --pto-arch=a3 [--enable-insert-sync | --enable-inject-barrier-all-sync] in.mlir -o out.cpp
The embedded one is also asked for --origins=FILE: where each line of the C++ comes from.
"""

TOOLCHAIN_TYPE = "//tools/ptoas/toolchain:toolchain_type"

SYNC_OPTIONS = {
    "barrier_all": "--enable-inject-barrier-all-sync",
    "insert_sync": "--enable-insert-sync",
}

_ARCH = "a3"

PtoasInfo = provider(
    doc = "An assembler.",
    fields = {
        "kind": ":type: string. `embedded` or `external`; goes into the build info.",
        "tool": ":type: FilesToRunProvider. The program.",
        "version": ":type: string. What the program says of itself; goes into the build info.",
    },
)

def _ptoas_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(ptoas = PtoasInfo(
        kind = ctx.attr.kind,
        tool = ctx.attr.tool[DefaultInfo].files_to_run,
        version = ctx.attr.version,
    ))]

ptoas_toolchain = rule(
    implementation = _ptoas_toolchain_impl,
    attrs = {
        "kind": attr.string(mandatory = True, values = ["embedded", "external"]),
        "tool": attr.label(mandatory = True, executable = True, cfg = "exec", allow_files = True),
        "version": attr.string(mandatory = True),
    },
)

def assemble_action(ctx, ptoas, mlir, cpp, sync, origins):
    """Declares the action that assembles `mlir` to `cpp`.

    Args:
      ctx: of the rule.
      ptoas: PtoasInfo.
      mlir: input file.
      cpp: output file.
      sync: key of SYNC_OPTIONS, how the assembler orders the pipes.
      origins: output file, where each line of `cpp` comes from; an empty list if the assembler cannot say.
    """
    arguments = ["--pto-arch=" + _ARCH, SYNC_OPTIONS[sync], mlir.path, "-o", cpp.path]
    outputs = [cpp]
    if ptoas.kind == "embedded":
        arguments.append("--origins=" + origins.path)
        outputs.append(origins)
    else:
        ctx.actions.write(origins, "[]\n")
    ctx.actions.run(
        executable = ptoas.tool,
        arguments = arguments,
        inputs = [mlir],
        outputs = outputs,
        mnemonic = "Ptoas",
        progress_message = "Assembling " + mlir.short_path,
    )
