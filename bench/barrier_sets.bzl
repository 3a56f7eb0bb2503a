"""Which sets of barriers the benchmark's kernels lack: `--//bench:remove_barriers=gu,proved+gu` builds two."""

load("//flash_atten:defs.bzl", "fa_library")
load("//flash_atten:kernel_choice.bzl", "KernelChoiceInfo")

# The patcher's patterns, as //patchers:vec_barriers names them, in the order in which they make up the name of a set.
PATTERNS = ["gu", "softmax-exp-sum", "softmax-sum-add", "repeats", "proved"]
NONE = "none"

BarrierSetsInfo = provider(
    doc = "A choice of sets.",
    fields = {"sets": ":type: list of string. Such as \"gu+proved\" or \"none\"; empty if nothing was chosen."},
)

def _set_of(text):
    """The name of the set that `text` asks for, or None if there is none."""
    patterns = text.split("+")
    if patterns == [NONE]:
        return NONE
    unknown = [pattern for pattern in patterns if pattern not in PATTERNS]
    return None if unknown else "+".join([pattern for pattern in PATTERNS if pattern in patterns])

def _barrier_sets_flag_impl(ctx):
    sets = []
    for text in ctx.build_setting_value:
        name = _set_of(text)
        if not name:
            fail("--%s=%s: no set %r; a set is none, or some of %s joined by +; commas separate sets" % (
                ctx.label,
                ",".join(ctx.build_setting_value),
                text,
                ", ".join(PATTERNS),
            ))
        if name not in sets:
            sets.append(name)
    return [BarrierSetsInfo(sets = sets)]

barrier_sets_flag = rule(
    implementation = _barrier_sets_flag_impl,
    build_setting = config.string_list(flag = True),
    doc = "The sets that are built; none given: the default ones of the kernel_sets.",
)

def _kernel_sets_impl(ctx):
    chosen = ctx.attr.chosen[BarrierSetsInfo].sets
    wanted = chosen or ctx.attr.default_sets
    kernels = ctx.attr.kernels[KernelChoiceInfo].names
    paths = {name: {} for name in wanted}
    files = []
    for target, key in ctx.attr.libraries.items():
        set_name, kernel = key.split(" ")
        if set_name in wanted and kernel in kernels:
            library = target[DefaultInfo].files.to_list()[0]
            paths[set_name][kernel] = library.short_path
            files.append(library)
    manifest = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(manifest, json.encode({"default": chosen or wanted[:1], "libraries": paths}))
    files.append(manifest)
    return [DefaultInfo(files = depset(files), runfiles = ctx.runfiles(files = files))]

_kernel_sets = rule(
    implementation = _kernel_sets_impl,
    attrs = {
        "chosen": attr.label(mandatory = True, providers = [BarrierSetsInfo]),
        "default_sets": attr.string_list(mandatory = True),
        "kernels": attr.label(mandatory = True, providers = [KernelChoiceInfo]),
        "libraries": attr.label_keyed_string_dict(mandatory = True, doc = "Set and kernel by library."),
    },
)

def kernel_sets(name, kernels, kernel_choice, shipped, chosen, default_sets):
    """Declares every kernel with every set of barriers removed, and NAME: the libraries of the sets that are chosen.

    Only those are built. NAME.json says which there are, and where.

    Args:
      name: of the target.
      kernels: knobs by name of the kernel, as FA_KERNELS.
      kernel_choice: label of a kernel_choice_flag.
      shipped: label format by set, for the sets that other packages declare: `{"gu": "//flash_atten:%s"}`. What these
        assemble for "none" is what the others are patched from.
      chosen: label of a barrier_sets_flag.
      default_sets: sets to build if none is chosen; the first one is what the benchmark then runs by default.
    """
    sets = [[]]
    for pattern in PATTERNS:
        sets = sets + [others + [pattern] for others in sets]
    libraries = {}
    for patterns in sets:
        set_name = "+".join(patterns) or NONE
        for kernel, knobs in kernels.items():
            label = shipped.get(set_name, "")
            if label:
                library = label % kernel
            else:
                library = "_".join([kernel] + patterns)
                fa_library(
                    name = library,
                    assembled = shipped[NONE] % kernel,
                    remove_barriers = patterns,
                    tags = ["manual"],
                    **knobs
                )
            libraries[library] = "%s %s" % (set_name, kernel)
    _kernel_sets(
        name = name,
        chosen = chosen,
        default_sets = default_sets,
        kernels = kernel_choice,
        libraries = libraries,
    )
