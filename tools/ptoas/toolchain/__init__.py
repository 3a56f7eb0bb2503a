"""The assembler as a Bazel toolchain: the embedded one, and the real one where there is one."""
