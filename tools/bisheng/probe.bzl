"""How repository rules run this workspace's programs that look for tools."""

load("@host_python//:defs.bzl", "PYTHON")

# Isolated (-I): nothing of the caller's Python set-up counts, so the search path is given apart.
_RUN_MODULE = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module(sys.argv.pop(1), run_name = '__main__', alter_sys = True)"

def run_probe(rctx, package, module, output):
    """Runs a program of this workspace that looks for tools; it may use //tools/bisheng:probe.py besides itself.

    Args:
      rctx: of the repository rule.
      package: the program's, such as "tools/bisheng".
      module: its file without .py.
      output: file of the repository that it writes.
    """
    rctx.path(Label("//%s:%s.py" % (package, module)))  # a change of either file is noticed
    root = rctx.path(Label("//tools/bisheng:probe.py")).dirname.dirname.dirname
    name = "%s.%s" % (package.replace("/", "."), module)
    result = rctx.execute([PYTHON.path, "-I", "-S", "-B", "-c", _RUN_MODULE, root, name, output])
    if result.return_code != 0:
        fail(result.stderr)
