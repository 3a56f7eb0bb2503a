"""fa_library: the chain from the kernel's Python to a shared library, one action and one named output per step."""

load("//tools/bisheng:toolchain.bzl", "compile_action", DEVICE_TOOLCHAIN_TYPE = "TOOLCHAIN_TYPE")
load("//tools/ptoas/toolchain:defs.bzl", "SYNC_OPTIONS", "assemble_action", PTOAS_TOOLCHAIN_TYPE = "TOOLCHAIN_TYPE")

# The kernels that are shipped, and their knobs: every pair that --s1_tile and --qk_preload can ask for.
FA_KERNELS = {
    "fa_s1tile256": {"qk_preload": 3, "s1_tile": 256},
    "fa_s1tile256_preload4": {"qk_preload": 4, "s1_tile": 256},
    "fa_s1tile512": {"qk_preload": 3, "s1_tile": 512},
    "fa_s1tile512_preload4": {"qk_preload": 4, "s1_tile": 512},
}

def _generate_action(ctx):
    ctx.actions.run(
        executable = ctx.executable._generate,
        arguments = [
            "--s1_tile=%d" % ctx.attr.s1_tile,
            "--qk_preload=%d" % ctx.attr.qk_preload,
            "--kv_split=%d" % ctx.attr.kv_split,
            "-o",
            ctx.outputs.mlir.path,
        ],
        outputs = [ctx.outputs.mlir],
        mnemonic = "GenerateKernel",
        progress_message = "Generating " + ctx.outputs.mlir.short_path,
    )

def _patch_action(ctx):
    ctx.actions.run(
        executable = ctx.executable._patcher,
        arguments = [
            "--input=" + ctx.outputs.ptoas_cpp.path,
            "--output=" + ctx.outputs.cpp.path,
            "--report=" + ctx.outputs.barriers.path,
            "--patterns=" + (",".join(ctx.attr.remove_barriers) or "none"),
            "--guard",  # insert_sync prints no barrier twice: one may order more than the pair of its pattern
        ],
        inputs = [ctx.outputs.ptoas_cpp],
        outputs = [ctx.outputs.cpp, ctx.outputs.barriers],
        mnemonic = "PatchBarriers",
        progress_message = "Patching barriers of " + ctx.outputs.ptoas_cpp.short_path,
    )

def _build_info_file(ctx, ptoas):
    build_info = ctx.actions.declare_file(ctx.label.name + ".knobs.json")
    ctx.actions.write(build_info, json.encode({
        "kv_split": ctx.attr.kv_split,
        "name": ctx.label.name,
        "ptoas": {"kind": ptoas.kind, "sync": ctx.attr.sync, "version": ptoas.version},
        "qk_preload": ctx.attr.qk_preload,
        "remove_barriers": ctx.attr.remove_barriers,
        "s1_tile": ctx.attr.s1_tile,
    }))
    return build_info

def _fa_library_impl(ctx):
    ptoas = ctx.toolchains[PTOAS_TOOLCHAIN_TYPE].ptoas
    compiler = ctx.toolchains[DEVICE_TOOLCHAIN_TYPE].compiler
    out = ctx.outputs
    _generate_action(ctx)
    assemble_action(ctx, ptoas, mlir = out.mlir, cpp = out.ptoas_cpp, sync = ctx.attr.sync)
    _patch_action(ctx)
    build_info = _build_info_file(ctx, ptoas)
    shims = [ctx.file.shim]
    compile_action(ctx, compiler, out.cpp, out.library, shims, build_info, build_info_output = out.build_info)
    compile_action(ctx, compiler, out.cpp, out.trace_library, shims, build_info, mode = "trace")
    return [DefaultInfo(
        files = depset([out.library]),
        runfiles = ctx.runfiles(files = [out.library]),
    )]

_fa_library = rule(
    implementation = _fa_library_impl,
    attrs = {
        "barriers": attr.output(mandatory = True, doc = "What the patcher removed, what it kept, and why."),
        "build_info": attr.output(mandatory = True, doc = "What the library says of itself: knobs and tools."),
        "cpp": attr.output(mandatory = True, doc = "C++ after the patcher."),
        "kv_split": attr.int(mandatory = True),
        "library": attr.output(mandatory = True, doc = "The shared library."),
        "mlir": attr.output(mandatory = True, doc = "The kernel in the pto dialect."),
        "ptoas_cpp": attr.output(mandatory = True, doc = "C++ as the assembler printed it."),
        "qk_preload": attr.int(mandatory = True),
        "remove_barriers": attr.string_list(),
        "s1_tile": attr.int(mandatory = True),
        "shim": attr.label(mandatory = True, allow_single_file = [".cpp"]),
        "sync": attr.string(mandatory = True, values = SYNC_OPTIONS.keys()),
        "trace_library": attr.output(mandatory = True, doc = "The same kernel recording its operations (host only)."),
        "_generate": attr.label(default = "//flash_atten:generate", executable = True, cfg = "exec"),
        "_patcher": attr.label(default = "//patchers:vec_barriers", executable = True, cfg = "exec"),
    },
    toolchains = [PTOAS_TOOLCHAIN_TYPE, DEVICE_TOOLCHAIN_TYPE],
)

def fa_library(name, s1_tile, qk_preload, kv_split = 1, remove_barriers = ["gu"], sync = "insert_sync", **kwargs):
    """Builds the Flash Attention kernel for one set of knobs; Q rows and S1 stay run-time arguments.

    Outputs, each with a label of its own: NAME.mlir, NAME.ptoas.cpp, NAME.cpp, NAME.barriers.json, NAME.so,
    NAME.build_info.json, NAME.trace.so. Building NAME makes NAME.so.

    Args:
      name: such as fa_s1tile256; `_preload4` and `_kvsplit2` are appended for knobs other than 3 and 1.
      s1_tile: rows of K and V per tile.
      qk_preload: tiles of QK that run ahead.
      kv_split: parts that K and V are split into per Q block.
      remove_barriers: patterns of //patchers:vec_barriers; [] removes nothing.
      sync: how the assembler orders the pipes: `insert_sync` (flags and barriers where they are needed) or `barrier_all`
        (a barrier before every operation).
      **kwargs: common attributes, such as visibility and tags.
    """
    _fa_library(
        name = name,
        s1_tile = s1_tile,
        qk_preload = qk_preload,
        kv_split = kv_split,
        remove_barriers = remove_barriers,
        sync = sync,
        mlir = name + ".mlir",
        ptoas_cpp = name + ".ptoas.cpp",
        cpp = name + ".cpp",
        barriers = name + ".barriers.json",
        library = name + ".so",
        build_info = name + ".build_info.json",
        trace_library = name + ".trace.so",
        shim = select({
            "//tools/bisheng:npu": "//flash_atten:caller_npu.cpp",
            "//conditions:default": "//flash_atten:caller_host.cpp",
        }),
        **kwargs
    )
