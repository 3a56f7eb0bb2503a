"""x"""

def _impl(rctx):
    rctx.file("BUILD.bazel", "")

host_cxx = repository_rule(implementation = _impl)
