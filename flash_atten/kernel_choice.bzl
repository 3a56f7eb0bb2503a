"""Which kernels a program brings along: --//flash_atten:kernels=auto, all, or names such as fa_s1tile256_preload4.

A program learns the shape only when it runs, and with it which library it needs. All of them would be many times the work
of the one that is run first.
"""

ALL = "all"
AUTO = "auto"

KernelChoiceInfo = provider(
    doc = "A choice of kernels.",
    fields = {"names": ":type: list of string. Such as \"fa_s1tile256\"."},
)

def _kernel_choice_flag_impl(ctx):
    asked = ctx.build_setting_value
    unknown = [name for name in asked if name not in [ALL, AUTO] and name not in ctx.attr.known]
    if unknown:
        fail("--%s=%s: there is no kernel %r; kernels are %s, or %s, or %s" % (
            ctx.label,
            ",".join(asked),
            unknown[0],
            ", ".join(ctx.attr.known),
            AUTO,
            ALL,
        ))
    names = ctx.attr.known if ALL in asked else asked + (ctx.attr.automatic if AUTO in asked else [])
    return [KernelChoiceInfo(names = names)]

kernel_choice_flag = rule(
    implementation = _kernel_choice_flag_impl,
    attrs = {
        "automatic": attr.string_list(mandatory = True, doc = "What `auto` stands for: all that open knobs choose from."),
        "known": attr.string_list(mandatory = True),
    },
    build_setting = config.string_list(flag = True),
    doc = "The kernels that programs bring along.",
)

def _chosen_kernels_impl(ctx):
    names = ctx.attr.choice[KernelChoiceInfo].names + ctx.attr.always
    chosen = [target[DefaultInfo].files for target, name in ctx.attr.kernels.items() if name in names]
    files = depset(transitive = chosen)
    return [DefaultInfo(files = files, runfiles = ctx.runfiles(transitive_files = files))]

chosen_kernels = rule(
    implementation = _chosen_kernels_impl,
    attrs = {
        "always": attr.string_list(doc = "Kernels that are there whatever is chosen."),
        "choice": attr.label(mandatory = True, providers = [KernelChoiceInfo]),
        "kernels": attr.label_keyed_string_dict(
            mandatory = True,
            allow_files = True,
            doc = "Name by target, or by one file of it.",
        ),
    },
    doc = "The files of the kernels that are chosen; the others are not built.",
)
