"""The part of rules_python's public API that is used here, implemented for Bazel 4.2 to 7 without downloads.

Users may swap in the real one: `--override_repository=rules_python=/abs/path` (it then uses the toolchain
`@host_python//:toolchain`).
"""

load("//python/private:py_executable.bzl", _py_binary = "py_binary", _py_test = "py_test")
load("//python/private:py_library.bzl", _PyInfo = "BuiltinPyInfo", _py_library = "py_library")

PyInfo = _PyInfo
py_binary = _py_binary
py_library = _py_library
py_test = _py_test
