"""What each Python file of //ptodsl/examples imports, and what each test needs besides."""

FILES = {
    "catalogue": [
        "//kernels:signature",
        "elementwise",
        "linear",
        "matmul",
        "norms",
        "pipes",
        "rows",
        "selection",
        "tails",
        "tile_fifo",
        "transforms",
    ],
    "cores": ["//ptodsl"],
    "elementwise": ["cores", "example"],
    "example": ["//kernels:kernel", "//ptodsl", "pip:numpy", "pip:xdsl"],
    "generate": ["//kernels:generator", "catalogue"],
    # How to run a module on the CPU.
    "host_run": ["//ptodsl", "//runtime:compiled", "//tools/ptoas:assemble"],
    "linear": ["example"],
    "matmul": ["example"],
    "more_entries": ["one_operation", "pip:xdsl"],
    "norms": ["cores", "example"],
    # Uses of single operations on the CPU.
    "one_operation": ["//ptodsl", "//runtime:host_kernel", "pip:numpy"],
    "pipes": ["example"],
    "rows": ["elementwise"],
    "selection": ["cores", "example"],
    "special_entries": ["one_operation", "pip:xdsl"],
    "tails": ["cores", "example"],
    "tile_fifo": ["example"],
    "transforms": ["cores", "example"],
}

TESTS = {
    "catalogue_test": {"data": ["BUILD.bazel"], "deps": ["//tools/ptoas:assemble"]},
    # Modes of FIX and atomic stores, from MLIR.
    "fix_test": {"size": "medium", "deps": ["//runtime:compiled", "//tools/ptoas:assemble", "pip:numpy"]},
    # Second forms of operations, from MLIR.
    "forms_test": {"size": "medium", "deps": ["//runtime:compiled", "//tools/ptoas:assemble", "pip:numpy"]},
    "gemv_test": {"size": "medium", "deps": ["host_run"]},
    # Forms of operations, against NumPy.
    "more_operations_test": {"size": "medium", "deps": ["host_run", "more_entries", "pip:hypothesis"]},
    # Every operation that is made of its row, against NumPy.
    "operations_test": {"size": "medium", "deps": ["host_run"]},
    "printing_test": {"deps": ["catalogue"]},
    # Examples with sizes that are known at run time, at the edges.
    "sizes_test": {"size": "medium", "deps": ["catalogue", "host_run"]},
    # Those with rules of their own.
    "special_operations_test": {"size": "large", "deps": ["host_run", "special_entries", "pip:hypothesis"]},
}
