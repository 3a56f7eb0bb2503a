"""Device compilers: bisheng for the NPU, the machine's C++ compiler for the CPU."""
