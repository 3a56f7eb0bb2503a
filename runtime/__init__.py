"""The PTO tile ISA on the CPU: C++ headers that make generated kernels run, and what their tests need of Python."""
