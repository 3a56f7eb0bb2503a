"""gate_test: a library is made only after another output was."""

_ActionsInfo = provider(doc = "The actions of a target.", fields = {"actions": ":type: list of Action."})

def _actions_aspect_impl(target, _ctx):
    return [_ActionsInfo(actions = target.actions)]

_actions_aspect = aspect(implementation = _actions_aspect_impl)

def _gate_test_impl(ctx):
    library = ctx.files.library[0]
    makers = [a for a in ctx.attr.library[_ActionsInfo].actions if library in a.outputs.to_list()]
    inputs = [file for maker in makers for file in maker.inputs.to_list()]
    passed = len(makers) == 1 and ctx.file.gate in inputs
    script = ctx.actions.declare_file(ctx.label.name)
    verdict = "exit 0" if passed else "echo >&2 '%s does not depend on %s'; exit 1" % (library.path, ctx.file.gate.path)
    ctx.actions.write(script, "#!/bin/sh\n%s\n" % verdict, is_executable = True)
    return [DefaultInfo(executable = script)]

gate_test = rule(
    implementation = _gate_test_impl,
    attrs = {
        "gate": attr.label(mandatory = True, allow_single_file = True, doc = "What must be made first."),
        "library": attr.label(mandatory = True, aspects = [_actions_aspect], doc = "A target of fa_library."),
    },
    test = True,
    doc = "Passes if the action that makes `library` has `gate` among its inputs.",
)
