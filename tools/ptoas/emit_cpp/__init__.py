"""Print a module as C++ for the PTO-ISA headers: one function of C++ per function of the module."""
