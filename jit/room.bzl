"""What each Python file of //jit imports, and what each test needs besides."""

FILES = {
    "arguments": ["//ptodsl", "//runtime:host_kernel", "pip:numpy", "pip:xdsl"],
    "bench": ["pip:numpy"],
    "cache": ["//tools/bisheng:host_compile", "//tools/bisheng:host_toolchain"],
    "npu": [
        "arguments",
        "cache",
        "//kernels:callers",
        "//kernels:npu",
        "//tools/bisheng:library",
        "//tools/bisheng:npu_compile",
    ],
    "python_main": ["bench", "wrapper", "//cli:files", "//cli:program"],
    "styles": ["//ptodsl", "pip:numpy"],
    "testing": ["//ptodsl"],
    "wrapper": [
        "arguments",
        "cache",
        "npu",
        "//kernels:module_entries",
        "//sim:hazards_program",
        "//sim:report",
        "//sim/timeline",
        "//tools/ptoas:assemble",
        "//tracing:file",
    ],
}

TESTS = {
    "cross_core_test": {"size": "medium", "deps": ["styles", "wrapper"]},
    "docs_test": {"size": "medium", "data": ["//:docs/dsl.md", "//:docs/first_kernel.md"], "deps": ["python_main"]},
    "npu_test": {"size": "medium", "deps": ["wrapper", "//kernels:fake_npu"]},
    "python_main_test": {"size": "medium"},
    # Kernels as others write them; each is compiled twice.
    "styles_attention_test": {"size": "large", "deps": ["styles", "wrapper", "//tools/ptoas:assemble"]},
    "styles_cube_test": {"size": "large", "deps": ["styles", "wrapper"]},
    "styles_layouts_test": {"size": "medium", "deps": ["styles", "wrapper"]},
    "styles_mixed_test": {"size": "large", "deps": ["styles", "wrapper"]},
    "styles_models_test": {"size": "large", "deps": ["styles", "wrapper"]},
    "styles_rows_test": {"size": "large", "deps": ["styles", "wrapper"]},
    "styles_vector_test": {"size": "large", "deps": ["styles", "wrapper"]},
    "text_test": {"size": "medium", "deps": ["styles", "//runtime:compiled", "//tools/ptoas:assemble"]},
    "tile_fifo_test": {"size": "medium", "deps": ["wrapper", "//ptodsl"]},
    "wrapper_test": {"size": "medium", "deps": ["testing"]},
}
