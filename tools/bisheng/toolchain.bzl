"""The device compiler as a toolchain: generated C++ in, shared library out.

Two compilers have the same command line (host_compiler.py, npu_compiler.py):
    COMPILER in.cpp --output=out.so --toolchain=identity.json --entry=NAME --mode=execute|trace --shim=x.cpp --object=x.o
        --build_info=in.json --build_info_output=out.json
The host's does it in two steps, since one compiled kernel is linked for both modes:
    COMPILER in.cpp --output=out.o --toolchain=identity.json --entry=NAME --compile_only
    COMPILER in.o --output=out.so ...
"""

TOOLCHAIN_TYPE = "//tools/bisheng:toolchain_type"

HOST = "host"

BACKENDS = [HOST, "npu"]

MODES = ["execute", "trace"]

DeviceCompilerInfo = provider(
    doc = "A compiler for kernels.",
    fields = {
        "backend": ":type: string. One of BACKENDS.",
        "files": ":type: list of File. What of the compiler lies in the workspace: inputs of every compile action.",
        "objects": ":type: dict from mode to list of File. What is linked to every kernel.",
        "identity": ":type: File. JSON with path, version and target of the compiler: an input of every compile action.",
        "tool": ":type: FilesToRunProvider. The program.",
    },
)

def _backend_impl(ctx):
    if ctx.build_setting_value not in BACKENDS:
        fail("--%s=%s: no such backend; known: %s" % (ctx.label, ctx.build_setting_value, ", ".join(BACKENDS)))
    return []

backend_flag = rule(
    implementation = _backend_impl,
    build_setting = config.string(flag = True),
    doc = "What kernels are compiled for.",
)

def _device_compiler_impl(ctx):
    return [platform_common.ToolchainInfo(compiler = DeviceCompilerInfo(
        backend = ctx.attr.backend,
        files = ctx.files.files,
        objects = {
            mode: [file for target, of in ctx.attr.objects.items() if of == mode for file in target.files.to_list()]
            for mode in MODES
        },
        identity = ctx.file.identity,
        tool = ctx.attr.tool[DefaultInfo].files_to_run,
    ))]

device_compiler = rule(
    implementation = _device_compiler_impl,
    attrs = {
        "backend": attr.string(mandatory = True, values = BACKENDS),
        "files": attr.label_list(allow_files = True),
        "objects": attr.label_keyed_string_dict(
            allow_files = [".o"],
            doc = "What is linked to every kernel, and for which mode.",
        ),
        "identity": attr.label(mandatory = True, allow_single_file = [".json"]),
        "tool": attr.label(mandatory = True, executable = True, cfg = "exec"),
    },
)

def kernel_object_action(ctx, compiler, entry, cpp, object):
    """Declares the action that compiles a kernel for the host to what every mode is linked from.

    Args:
      ctx: of the rule.
      compiler: DeviceCompilerInfo of the host.
      entry: the function that is launched if no other is named.
      cpp: generated C++.
      object: output file.
    """
    args = ctx.actions.args()
    args.add(cpp)
    args.add("--output", object)
    args.add("--toolchain", compiler.identity)
    args.add("--entry", entry)
    args.add("--compile_only")
    ctx.actions.run(
        executable = compiler.tool,
        arguments = [args],
        inputs = [cpp, compiler.identity] + compiler.files,
        outputs = [object],
        mnemonic = "CompileKernel",
        progress_message = "Compiling %s for the %s" % (cpp.short_path, compiler.backend),
    )

def library_action(ctx, compiler, entry, kernel, library, shims, build_info, build_info_output = None, mode = "execute"):
    """Declares the action that makes a shared library of a kernel.

    Args:
      ctx: of the rule.
      compiler: DeviceCompilerInfo.
      entry: the function that is launched if no other is named.
      kernel: generated C++; on the host, what kernel_object_action made of it.
      library: output file.
      shims: C++ files that are compiled along.
      build_info: JSON file with what the library is to say of itself.
      build_info_output: output file, the same completed by the compiler; or None.
      mode: `execute`, or `trace` (host only).
    """
    args = ctx.actions.args()
    args.add(kernel)
    args.add("--output", library)
    args.add("--toolchain", compiler.identity)
    args.add("--entry", entry)
    args.add("--mode", mode)
    args.add_all(shims, before_each = "--shim")
    objects = compiler.objects.get(mode, [])
    args.add_all(objects, before_each = "--object")
    args.add("--build_info", build_info)
    outputs = [library]
    if build_info_output:
        args.add("--build_info_output", build_info_output)
        outputs.append(build_info_output)
    ctx.actions.run(
        executable = compiler.tool,
        arguments = [args],
        inputs = [kernel, build_info, compiler.identity] + compiler.files + objects + shims,
        outputs = outputs,
        mnemonic = "CompileLibrary",
        progress_message = "Compiling %s for the %s (%s)" % (library.short_path, compiler.backend, mode),
    )
