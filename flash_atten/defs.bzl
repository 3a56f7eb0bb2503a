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

# What the default flags of programs choose from: --s1_tile=auto takes either tile.
AUTO_KERNELS = ["fa_s1tile256", "fa_s1tile512"]

AssembledInfo = provider(
    doc = "A kernel's C++ before the patcher.",
    fields = {
        "cpp": ":type: File. As the assembler printed it.",
        "ptoas": ":type: struct. What the build info says of the assembler.",
    },
)

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

def _patch_action(ctx, assembled):
    args = ctx.actions.args()
    args.add("--input=" + assembled.path)
    args.add("--output=" + ctx.outputs.cpp.path)
    args.add("--report=" + ctx.outputs.barriers.path)
    args.add("--patterns=" + (",".join(ctx.attr.remove_barriers) or "none"))
    args.add("--guard")  # insert_sync prints no barrier twice: one may order more than the pair of its pattern
    proofs = [ctx.outputs.proof] if ctx.outputs.proof else []
    args.add_all(proofs, format_each = "--proved_lines=%s")
    ctx.actions.run(
        executable = ctx.executable._patcher,
        arguments = [args],
        inputs = [assembled] + proofs,
        outputs = [ctx.outputs.cpp, ctx.outputs.barriers],
        mnemonic = "PatchBarriers",
        progress_message = "Patching barriers of " + assembled.short_path,
    )

def _trace_action(ctx, cpp, trace_library, build_info):
    """Compiles for the host on any backend: a trace needs no device."""
    compiler = ctx.attr._host_compiler[platform_common.ToolchainInfo].compiler
    compile_action(ctx, compiler, cpp, trace_library, [ctx.file._host_shim], build_info, mode = "trace")

def _proof_action(ctx, assembled, build_info):
    trace_library = ctx.actions.declare_file(ctx.label.name + ".unpatched.trace.so")
    _trace_action(ctx, assembled, trace_library, build_info)
    ctx.actions.run(
        executable = ctx.executable._prover,
        arguments = [
            "--so=" + trace_library.path,
            "--cpp=" + assembled.path,
            "--output=" + ctx.outputs.proof.path,
        ],
        inputs = [assembled, trace_library],
        outputs = [ctx.outputs.proof],
        mnemonic = "ProveBarriers",
        progress_message = "Proving barriers of %s redundant" % assembled.short_path,
    )

def _audit_action(ctx):
    ctx.actions.run(
        executable = ctx.executable._auditor,
        arguments = [
            "--so=" + ctx.outputs.trace_library.path,
            "--report=" + ctx.outputs.barriers.path,
            "--output=" + ctx.outputs.audit.path,
        ],
        inputs = [ctx.outputs.trace_library, ctx.outputs.barriers],
        outputs = [ctx.outputs.audit],
        mnemonic = "AuditBarriers",
        progress_message = "Auditing " + ctx.outputs.cpp.short_path,
    )

def _library_action(ctx, compiler, build_info):
    """Compiles the library. A patched one gets its name only when the audit has passed; the two run side by side."""
    out = ctx.outputs
    gated = ctx.attr.audited and ctx.attr.remove_barriers
    library = ctx.actions.declare_file(ctx.label.name + ".unaudited.so") if gated else out.library
    compile_action(ctx, compiler, out.cpp, library, [ctx.file.shim], build_info, build_info_output = out.build_info)
    if gated:
        ctx.actions.run_shell(
            command = "cp \"$1\" \"$2\"",
            arguments = [library.path, out.library.path],
            inputs = [library, out.audit],
            outputs = [out.library],
            mnemonic = "ReleaseKernel",
            progress_message = "Releasing " + out.library.short_path,
        )

def _build_info_file(ctx, assembled):
    build_info = ctx.actions.declare_file(ctx.label.name + ".knobs.json")
    ctx.actions.write(build_info, json.encode({
        "kv_split": ctx.attr.kv_split,
        "name": ctx.label.name,
        "ptoas": assembled.ptoas,
        "qk_preload": ctx.attr.qk_preload,
        "remove_barriers": ctx.attr.remove_barriers,
        "s1_tile": ctx.attr.s1_tile,
    }))
    return build_info

def _assemble(ctx):
    """Generates and assembles the kernel, unless somebody did."""
    given = ctx.attr.assembled
    if given:
        return given[AssembledInfo] if AssembledInfo in given else AssembledInfo(
            cpp = ctx.file.assembled,
            ptoas = struct(kind = "unknown"),
        )
    ptoas = ctx.toolchains[PTOAS_TOOLCHAIN_TYPE].ptoas
    _generate_action(ctx)
    assemble_action(
        ctx,
        ptoas,
        mlir = ctx.outputs.mlir,
        cpp = ctx.outputs.ptoas_cpp,
        sync = ctx.attr.sync,
        origins = ctx.outputs.origins,
    )
    return AssembledInfo(
        cpp = ctx.outputs.ptoas_cpp,
        ptoas = struct(kind = ptoas.kind, sync = ctx.attr.sync, version = ptoas.version),
    )

def _fa_library_impl(ctx):
    compiler = ctx.toolchains[DEVICE_TOOLCHAIN_TYPE].compiler
    out = ctx.outputs
    assembled = _assemble(ctx)
    build_info = _build_info_file(ctx, assembled)
    if out.proof:
        _proof_action(ctx, assembled.cpp, build_info)
    _patch_action(ctx, assembled.cpp)
    _trace_action(ctx, out.cpp, out.trace_library, build_info)
    _audit_action(ctx)
    _library_action(ctx, compiler, build_info)
    runfiles = ctx.runfiles(files = [out.library])
    return [DefaultInfo(files = depset([out.library]), runfiles = runfiles), assembled]

_fa_library = rule(
    implementation = _fa_library_impl,
    attrs = {
        "assembled": attr.label(
            allow_single_file = [".cpp", ".so"],
            doc = "C++ to start from, or the fa_library that assembles it; without it, it is assembled here.",
        ),
        "audit": attr.output(mandatory = True, doc = "What the hazard judge says of the patched kernel."),
        "audited": attr.bool(doc = "Whether the library depends on the audit, if barriers are removed."),
        "barriers": attr.output(mandatory = True, doc = "What the patcher removed, what it kept, and why."),
        "build_info": attr.output(mandatory = True, doc = "What the library says of itself: knobs and tools."),
        "cpp": attr.output(mandatory = True, doc = "C++ after the patcher."),
        "kv_split": attr.int(mandatory = True),
        "library": attr.output(mandatory = True, doc = "The shared library."),
        "mlir": attr.output(doc = "The kernel in the pto dialect."),
        "origins": attr.output(doc = "Which line of MLIR and of Python each line of the C++ comes from, as JSON."),
        "proof": attr.output(doc = "Which barriers other ordering implies, if those are to go."),
        "ptoas_cpp": attr.output(doc = "C++ as the assembler printed it."),
        "qk_preload": attr.int(mandatory = True),
        "remove_barriers": attr.string_list(),
        "s1_tile": attr.int(mandatory = True),
        "shim": attr.label(mandatory = True, allow_single_file = [".cpp"]),
        "sync": attr.string(mandatory = True, values = SYNC_OPTIONS.keys()),
        "trace_library": attr.output(mandatory = True, doc = "The same kernel recording its operations, on the host."),
        "_auditor": attr.label(default = "//sim:audit_kernel", executable = True, cfg = "exec"),
        "_generate": attr.label(default = "//flash_atten:generate", executable = True, cfg = "exec"),
        "_host_compiler": attr.label(default = "//tools/bisheng:host_cxx", providers = [platform_common.ToolchainInfo]),
        "_host_shim": attr.label(default = "//flash_atten:caller_host.cpp", allow_single_file = True),
        "_patcher": attr.label(default = "//patchers:vec_barriers", executable = True, cfg = "exec"),
        "_prover": attr.label(default = "//sim:prove_barriers", executable = True, cfg = "exec"),
    },
    toolchains = [PTOAS_TOOLCHAIN_TYPE, DEVICE_TOOLCHAIN_TYPE],
)

def fa_library(
        name,
        s1_tile,
        qk_preload,
        kv_split = 1,
        remove_barriers = ["gu"],
        sync = "insert_sync",
        assembled = None,
        **kwargs):
    """Builds the Flash Attention kernel for one set of knobs; Q rows and S1 stay run-time arguments.

    Outputs, each with a label of its own: NAME.mlir, NAME.ptoas.cpp, NAME.origins.json, NAME.cpp, NAME.barriers.json, NAME.trace.so,
    NAME.audit.json, NAME.so, NAME.build_info.json. Building NAME makes NAME.so. If barriers are removed, NAME.so is made
    only if the audit finds nothing unordered but what the patterns are known to leave so
    (`--no//flash_atten:audit` does without).

    Args:
      name: such as fa_s1tile256; `_preload4` and `_kvsplit2` are appended for knobs other than 3 and 1.
      s1_tile: rows of K and V per tile.
      qk_preload: tiles of QK that run ahead.
      kv_split: parts that K and V are split into per Q block.
      remove_barriers: patterns of //patchers:vec_barriers; [] removes nothing. With "proved" among them the hazard judge
        first traces the kernel as assembled, and NAME.proof.json says which barriers other ordering implies.
      sync: how the assembler orders the pipes: `insert_sync` (flags and barriers where they are needed) or `barrier_all`
        (a barrier before every operation).
      assembled: label of the C++ of this kernel, if a ptoas elsewhere has printed it, or of another fa_library with these
        knobs, whose C++ is then patched otherwise. NAME.mlir and NAME.ptoas.cpp are not made.
      **kwargs: common attributes, such as visibility and tags.
    """
    _fa_library(
        name = name,
        s1_tile = s1_tile,
        qk_preload = qk_preload,
        kv_split = kv_split,
        remove_barriers = remove_barriers,
        sync = sync,
        assembled = assembled,
        mlir = None if assembled else name + ".mlir",
        ptoas_cpp = None if assembled else name + ".ptoas.cpp",
        origins = None if assembled else name + ".origins.json",
        cpp = name + ".cpp",
        barriers = name + ".barriers.json",
        proof = name + ".proof.json" if "proved" in remove_barriers else None,
        audit = name + ".audit.json",
        audited = select({
            "//flash_atten:unaudited": False,
            "//conditions:default": True,
        }),
        library = name + ".so",
        build_info = name + ".build_info.json",
        trace_library = name + ".trace.so",
        shim = select({
            "//tools/bisheng:npu": "//flash_atten:caller_npu.cpp",
            "//conditions:default": "//flash_atten:caller_host.cpp",
        }),
        **kwargs
    )
