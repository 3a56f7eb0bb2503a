"""Kernels compiled and launched in the process that wrote them: what `ptodsl.jit` and `ptodsl.do_bench` are."""
