"""kernel_library: the chain from a kernel's Python to a shared library, one action and one named output per step."""

load("//tools:flags.bzl", "WordInfo")
load("//tools/bisheng:toolchain.bzl", "HOST", "kernel_object_action", "library_action", DEVICE_TOOLCHAIN_TYPE = "TOOLCHAIN_TYPE")
load("//tools/ptoas/toolchain:defs.bzl", "SYNC_OPTIONS", "assemble_action", PTOAS_TOOLCHAIN_TYPE = "TOOLCHAIN_TYPE")

AssembledInfo = provider(
    doc = "A kernel's C++ before the patcher.",
    fields = {
        "cpp": ":type: File. As the assembler printed it.",
        "signature": ":type: File. The entries and their parameters, as JSON.",
        "ptoas": ":type: struct. What the build info says of the assembler.",
    },
)

def _generate_action(ctx, mlir, signature):
    knobs = json.decode(ctx.attr.knobs)
    ctx.actions.run(
        executable = ctx.executable.generator,
        arguments = ["--%s=%s" % (name, knobs[name]) for name in sorted(knobs)] + [
            "--output=" + mlir.path,
            "--signature=" + signature.path,
        ],
        outputs = [mlir, signature],
        mnemonic = "GenerateKernel",
        progress_message = "Generating " + mlir.short_path,
    )

def _caller_action(ctx, assembled, backend):
    """Makes what the library says of itself, and what C programs call; returns the former."""
    known = ctx.actions.declare_file(ctx.label.name + ".knobs.json")
    ctx.actions.write(known, json.encode({
        "audited": ctx.attr.audited or not ctx.attr.remove_barriers,
        "kernel": ctx.attr.kernel,
        "knobs": json.decode(ctx.attr.knobs),
        "name": ctx.label.name,
        "ptoas": assembled.ptoas,
        "remove_barriers": ctx.attr.remove_barriers,
    }))
    build_info = ctx.actions.declare_file(ctx.label.name + ".entries.json")
    ctx.actions.run(
        executable = ctx.executable._caller_writer,
        arguments = [
            "--knobs=" + known.path,
            "--signature=" + assembled.signature.path,
            "--backend=" + backend,
            "--entries=" + ",".join(ctx.attr.entries),
            "--caller=" + ctx.outputs.caller.path,
            "--build_info=" + build_info.path,
        ],
        inputs = [known, assembled.signature],
        outputs = [ctx.outputs.caller, build_info],
        mnemonic = "WriteCaller",
        progress_message = "Writing the callers of " + ctx.outputs.library.short_path,
    )
    return build_info

def _patch_action(ctx, assembled):
    args = ctx.actions.args()
    args.add("--input=" + assembled.path)
    args.add("--output=" + ctx.outputs.cpp.path)
    args.add("--report=" + ctx.outputs.barriers.path)
    args.add("--patterns=" + (",".join(ctx.attr.remove_barriers) or "none"))
    if ctx.attr.spare_barriers_of:
        args.add("--spare=" + ",".join(ctx.attr.spare_barriers_of))
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

def _host_compiler(ctx):
    """Of the target's configuration, as everything that it links: a toolchain would compile the machine once more."""
    return ctx.attr._host_compiler[platform_common.ToolchainInfo].compiler

def _trace_action(ctx, cpp, trace_library, build_info):
    """Compiles for the host on any backend: a trace needs no device. Returns the compiled kernel."""
    compiler, entry = _host_compiler(ctx), ctx.attr.entries[0]
    kernel = ctx.actions.declare_file(trace_library.basename[:-len(".trace.so")] + ".host.o")
    kernel_object_action(ctx, compiler, entry, cpp, kernel)
    library_action(ctx, compiler, entry, kernel, trace_library, [ctx.file._build_info_shim], build_info, mode = "trace")
    return kernel

def _proof_action(ctx, assembled, build_info):
    trace_library = ctx.actions.declare_file(ctx.label.name + ".unpatched.trace.so")
    _trace_action(ctx, assembled, trace_library, build_info)
    ctx.actions.run(
        executable = ctx.executable.prover,
        arguments = [
            "--so=" + trace_library.path,
            "--cpp=" + assembled.path,
            "--output=" + ctx.outputs.proof.path,
            "--v_rule=" + ctx.attr._v_rule[WordInfo].word,
        ],
        inputs = [assembled, trace_library],
        outputs = [ctx.outputs.proof],
        mnemonic = "ProveBarriers",
        progress_message = "Proving barriers of %s redundant" % assembled.short_path,
    )

def _audit_action(ctx):
    ctx.actions.run(
        executable = ctx.executable.auditor,
        arguments = [
            "--so=" + ctx.outputs.trace_library.path,
            "--report=" + ctx.outputs.barriers.path,
            "--output=" + ctx.outputs.audit.path,
            "--v_rule=" + ctx.attr._v_rule[WordInfo].word,
        ],
        inputs = [ctx.outputs.trace_library, ctx.outputs.barriers],
        outputs = [ctx.outputs.audit],
        mnemonic = "AuditBarriers",
        progress_message = "Auditing " + ctx.outputs.cpp.short_path,
    )

def _library_action(ctx, compiler, kernel, build_info):
    """Makes the library of the `kernel`. A patched one gets its name only when the audit has passed."""
    out = ctx.outputs
    gated = ctx.attr.audited and ctx.attr.remove_barriers
    library = ctx.actions.declare_file(ctx.label.name + ".unaudited.so") if gated else out.library
    shims = [out.caller] + ([ctx.file._build_info_shim] if compiler.backend == HOST else [])
    library_action(ctx, compiler, ctx.attr.entries[0], kernel, library, shims, build_info, build_info_output = out.build_info)
    if gated:
        ctx.actions.run_shell(
            command = "cp \"$1\" \"$2\"",
            arguments = [library.path, out.library.path],
            inputs = [library, out.audit],
            outputs = [out.library],
            mnemonic = "ReleaseKernel",
            progress_message = "Releasing " + out.library.short_path,
        )

def _assemble(ctx):
    """Generates and assembles the kernel, unless somebody did."""
    given = ctx.attr.assembled
    if given and AssembledInfo in given:
        return given[AssembledInfo]
    signature = ctx.actions.declare_file(ctx.label.name + ".signature.json")
    if given:
        # The C++ comes from elsewhere, what is known of its entries does not.
        _generate_action(ctx, ctx.actions.declare_file(ctx.label.name + ".generated.mlir"), signature)
        return AssembledInfo(cpp = ctx.file.assembled, ptoas = struct(kind = "unknown"), signature = signature)
    ptoas = ctx.toolchains[PTOAS_TOOLCHAIN_TYPE].ptoas
    _generate_action(ctx, ctx.outputs.mlir, signature)
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
        signature = signature,
    )

def _kernel_library_impl(ctx):
    compiler = ctx.toolchains[DEVICE_TOOLCHAIN_TYPE].compiler
    out = ctx.outputs
    assembled = _assemble(ctx)
    build_info = _caller_action(ctx, assembled, compiler.backend)
    if out.proof:
        _proof_action(ctx, assembled.cpp, build_info)
    _patch_action(ctx, assembled.cpp)
    host_kernel = _trace_action(ctx, out.cpp, out.trace_library, build_info)
    if out.audit:
        _audit_action(ctx)
    if compiler.backend == HOST:
        _library_action(ctx, _host_compiler(ctx), host_kernel, build_info)
    else:
        _library_action(ctx, compiler, out.cpp, build_info)
    runfiles = ctx.runfiles(files = [out.library])
    return [DefaultInfo(files = depset([out.library]), runfiles = runfiles), assembled]

_kernel_library = rule(
    implementation = _kernel_library_impl,
    attrs = {
        "assembled": attr.label(
            allow_single_file = [".cpp", ".so"],
            doc = "C++ to start from, or the kernel_library that assembles it; without it, it is assembled here.",
        ),
        "audit": attr.output(doc = "What the hazard judge says of the patched kernel."),
        "auditor": attr.label(executable = True, cfg = "exec", doc = "Judges the kernel's traces."),
        "audited": attr.bool(doc = "Whether the library depends on the audit, if barriers are removed."),
        "barriers": attr.output(mandatory = True, doc = "What the patcher removed, what it kept, and why."),
        "caller": attr.output(mandatory = True, doc = "C++ with a function for each entry, for C programs."),
        "entries": attr.string_list(mandatory = True, allow_empty = False, doc = "Symbols of the module's entries, in order."),
        "generator": attr.label(mandatory = True, executable = True, cfg = "exec", doc = "Writes module and signature."),
        "kernel": attr.string(doc = "The Python function that says what the kernel computes and how it is launched."),
        "knobs": attr.string(mandatory = True, doc = "What the generator is told, as a JSON object."),
        "build_info": attr.output(mandatory = True, doc = "What the library says of itself: knobs and tools."),
        "cpp": attr.output(mandatory = True, doc = "C++ after the patcher."),
        "library": attr.output(mandatory = True, doc = "The shared library."),
        "mlir": attr.output(doc = "The kernel in the pto dialect."),
        "origins": attr.output(doc = "Which line of MLIR and of Python each line of the C++ comes from, as JSON."),
        "proof": attr.output(doc = "Which barriers other ordering implies, if those are to go."),
        "prover": attr.label(executable = True, cfg = "exec", doc = "Finds barriers that other ordering implies."),
        "ptoas_cpp": attr.output(doc = "C++ as the assembler printed it."),
        "remove_barriers": attr.string_list(),
        "spare_barriers_of": attr.string_list(doc = "Functions in which patterns remove nothing."),
        "sync": attr.string(mandatory = True, values = SYNC_OPTIONS.keys()),
        "trace_library": attr.output(mandatory = True, doc = "The same kernel recording its operations, on the host."),
        "_build_info_shim": attr.label(default = "//kernels:build_info.cpp", allow_single_file = True),
        "_caller_writer": attr.label(default = "//kernels:write_caller", executable = True, cfg = "exec"),
        "_host_compiler": attr.label(default = "//tools/bisheng:host_cxx", providers = [platform_common.ToolchainInfo]),
        "_patcher": attr.label(default = "//patchers:vec_barriers", executable = True, cfg = "exec"),
        "_v_rule": attr.label(default = "//sim:v_rule", providers = [WordInfo]),
    },
    toolchains = [PTOAS_TOOLCHAIN_TYPE, DEVICE_TOOLCHAIN_TYPE],
)

def kernel_library(
        name,
        generator,
        entries,
        knobs = {},
        remove_barriers = [],
        spare_barriers_of = [],
        sync = "insert_sync",
        assembled = None,
        kernel = "",
        auditor = None,
        prover = None,
        **kwargs):
    """Builds a kernel for one set of knobs.

    Outputs, each with a label of its own: NAME.mlir, NAME.ptoas.cpp, NAME.origins.json, NAME.cpp, NAME.barriers.json, NAME.caller.cpp,
    NAME.trace.so, NAME.audit.json (of a kernel with an auditor), NAME.so, NAME.build_info.json. Building NAME makes NAME.so. If
    barriers are removed, NAME.so is made only if the audit finds nothing unordered but what the patterns are known to leave so
    (`--no//flash_atten:audit` does without). `--//sim:v_rule=repeats` lets proof and audit go by the vendor's repeat rule.

    Args:
      name: of the target and of its files.
      generator: program that writes the kernel, as `kernels/generator.py` makes one.
      entries: symbols of the module's entries, in its order.
      knobs: what the generator is told, by name: numbers and words.
      remove_barriers: patterns of //patchers:vec_barriers; [] removes nothing. With "proved" among them the hazard judge
        first traces the kernel as assembled, and NAME.proof.json says which barriers other ordering implies.
      spare_barriers_of: functions in which patterns remove nothing.
      sync: how the assembler orders the pipes: `insert_sync` (flags and barriers where they are needed) or `barrier_all`
        (a barrier before every operation).
      assembled: label of the C++ of this kernel, if a ptoas elsewhere has printed it, or of another kernel_library with
        these knobs, whose C++ is then patched otherwise. NAME.mlir and NAME.ptoas.cpp are not made.
      kernel: the Python function that describes the kernel to the programs for any kernel, as `folder.module:function`: it
        takes the knobs and returns a `kernels.kernel.Kernel`. The library carries the name.
      auditor: program that judges traces: `sim/audit_main.py` with the file of `kernel` among its deps. Barriers are removed
        only from a kernel that has one.
      prover: program that finds barriers to remove, for the pattern "proved": `sim/prove_main.py`, likewise.
      **kwargs: common attributes, such as visibility and tags.
    """
    if remove_barriers and not auditor:
        fail("kernel_library %s removes barriers, so it needs an auditor (and the kernel that this one launches)" % name)
    if "proved" in remove_barriers and not prover:
        fail("kernel_library %s removes proved barriers, so it needs a prover" % name)
    _kernel_library(
        name = name,
        generator = generator,
        entries = entries,
        knobs = json.encode(knobs),
        remove_barriers = remove_barriers,
        spare_barriers_of = spare_barriers_of,
        sync = sync,
        assembled = assembled,
        kernel = kernel,
        auditor = auditor,
        prover = prover,
        mlir = None if assembled else name + ".mlir",
        ptoas_cpp = None if assembled else name + ".ptoas.cpp",
        origins = None if assembled else name + ".origins.json",
        cpp = name + ".cpp",
        barriers = name + ".barriers.json",
        proof = name + ".proof.json" if "proved" in remove_barriers else None,
        audit = name + ".audit.json" if auditor else None,
        audited = select({
            "//flash_atten:unaudited": False,
            "//conditions:default": True,
        }),
        caller = name + ".caller.cpp",
        library = name + ".so",
        build_info = name + ".build_info.json",
        trace_library = name + ".trace.so",
        **kwargs
    )
