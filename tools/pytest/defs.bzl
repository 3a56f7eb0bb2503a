"""pytest_test: a Bazel test that runs pytest on its sources."""

load("@rules_python//python:defs.bzl", "py_test")

_MAIN = "//tools/pytest:main.py"

def pytest_test(name, srcs, deps = [], data = [], args = [], size = "small", **kwargs):
    """Runs pytest on `srcs`, with warnings as errors, fixed seeds and deterministic hypothesis examples.

    `bazel test --test_filter=EXPRESSION` becomes pytest's `-k EXPRESSION`; `shard_count` spreads the tests over processes.

    Args:
      name: of the test.
      srcs: test files; all of them are run.
      deps: libraries that the tests import. pytest itself is implied; hypothesis is not.
      data: files and programs that the tests use; paths are relative to the workspace root, which is the working directory.
      args: further arguments for pytest.
      size: of the test, as for every Bazel test.
      **kwargs: passed to py_test.
    """
    py_test(
        name = name,
        size = size,
        srcs = srcs + [_MAIN],
        args = ["$(rootpath %s)" % src for src in srcs] + args,
        data = data + ["//:pytest.ini"],
        main = _MAIN,
        deps = deps + ["//tools/pytest"],
        **kwargs
    )
