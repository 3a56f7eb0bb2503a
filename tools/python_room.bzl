"""python_room: the targets of a folder of Python files, from a table of what each file imports."""

load("@pip//:requirements.bzl", "requirement")
load("@rules_python//python:defs.bzl", "py_binary")
load("//tools:py_library.bzl", "package_bytecode", "py_library")
load("//tools/pytest:defs.bzl", "pytest_test")

_PIP = "pip:"
_INIT = "__init__.py"
_SUFFIX = ".py"
_TEST_SUFFIX = "_test.py"
_MAIN = "_main"

def _label(dep, programs):
    """Label of an entry of the table: a distribution of the package index, a target, or a file of the same folder."""
    if dep.startswith(_PIP):
        return requirement(dep[len(_PIP):])
    return dep if "/" in dep or dep.startswith(":") or dep.startswith("@") else ":" + _library(dep, programs)

def _library(file, programs):
    return file + "_program" if file in programs else file

def python_room(
        name,
        files,
        data = {},
        binaries = {},
        programs = [],
        testonly_files = [],
        tests = {},
        sources = [],
        edited = []):
    """Declares a library per file, a test per `foo_test.py`, its programs, and the filegroup `sources` that lint reads.

    A file that the table lacks, or has too much, is an error when the folder is loaded.

    Args:
      name: of the library with all files that are not for tests only.
      files: for every file without its suffix the list of what it imports: names of files of this folder, labels, and
        `pip:NAME` for distributions of the package index.
      data: for a file what it reads when it runs.
      binaries: for a program, the py_binary `foo` of `foo_main.py` (of `foo.py` where there is none, or of another
        `file`), further attributes; `deps` as in `files`, beside its file, which also says whether it is for tests only;
        `selected_deps`, a select of labels.
      programs: those of `files` with the name of a target that is written by hand. As for binaries, the library of `foo.py`
        is then `foo_program`, and `foo` is free.
      testonly_files: those of `files` that only tests may use.
      tests: for a test without its suffix further attributes of pytest_test; `deps` as in `files`, beside the file that it
        is named after. A test without an entry needs only that file.
      sources: patterns of further text files.
      edited: patterns of files whose byte code is not made ahead, as `package_bytecode` says.
    """
    programs = programs + [binary for binary in binaries if binary in files]
    there = native.glob(["*" + _SUFFIX])
    modules = [file[:-len(_SUFFIX)] for file in there if not file.endswith(_TEST_SUFFIX) and file != _INIT]
    found_tests = [file[:-len(_SUFFIX)] for file in there if file.endswith(_TEST_SUFFIX)]
    wrong = [file for file in modules if file not in files] + [file for file in files if file not in modules]
    wrong += [test for test in tests if test not in found_tests]
    if wrong:
        fail("//%s: python_room and the folder do not agree about %s" % (native.package_name(), ", ".join(wrong)))
    if edited:
        package_bytecode(edited = edited)
    for file, deps in files.items():
        py_library(
            name = _library(file, programs),
            testonly = file in testonly_files,
            srcs = [file + _SUFFIX] + ([_INIT] if _INIT in there else []),
            data = data.get(file, []),
            deps = [_label(dep, programs) for dep in deps],
        )
    for binary, attributes in binaries.items():
        attributes = dict(attributes)
        main = attributes.pop("file", binary + _MAIN if binary + _MAIN in files else binary)
        py_binary(
            name = binary,
            testonly = main in testonly_files,
            srcs = [main + _SUFFIX],
            main = main + _SUFFIX,
            deps = [_label(dep, programs) for dep in [main] + attributes.pop("deps", [])] + attributes.pop("selected_deps", []),
            **attributes
        )
    for test in found_tests:
        attributes = dict(tests.get(test, {}))
        subject = test[:-len("_test")]
        own = [subject] if subject in files else []
        deps = [_label(dep, programs) for dep in own + attributes.pop("deps", [])]
        pytest_test(name = test, srcs = [test + _SUFFIX], deps = deps, **attributes)
    py_library(
        name = name,
        deps = [":" + _library(file, programs) for file in files if file not in testonly_files],
    )
    native.filegroup(
        name = "sources",
        srcs = native.glob(["*.bazel", "*.bzl", "*.py"] + sources),
    )
