"""What each Python file of //tools/ptoas/emit_cpp imports, and what each test needs besides."""

FILES = {
    "control": ["fifos", "moves", "scalars", "tiles"],
    "fifos": ["views"],
    "module": ["control"],
    "moves": ["views"],
    "scalars": ["templates"],
    "spelling": ["//ptodsl/dialect", "//tools/ptoas:diagnostics"],
    "templates": ["writer"],
    "tiles": ["vectors", "views"],
    "vectors": ["writer"],
    "views": ["templates"],
    "writer": ["spelling", "//tools/ptoas:byte_ranges"],
}

TESTS = {
    "compiles_test": {
        "data": ["//runtime:host_sources"],
        "deps": ["//tools/bisheng:host_source", "//tools/bisheng:host_toolchain", "//tools/ptoas:testing"],
    },
    "control_test": {"deps": ["//tools/ptoas:testing"]},
    "floats_test": {"deps": ["//ptodsl/dialect:testing", "//runtime:compiled", "//tools/ptoas:assemble"]},
    "machine_test": {"data": ["//runtime:host_sources"], "deps": ["spelling", "//tools/bisheng:host_toolchain"]},
    "module_test": {"deps": ["//ptodsl/dialect:testing", "//tools/ptoas:assemble"]},
    "scalars_test": {"deps": ["//tools/ptoas:testing"]},
    "tiles_test": {"deps": ["//tools/ptoas:testing"]},
    "views_test": {"deps": ["//tools/ptoas:testing"]},
}
