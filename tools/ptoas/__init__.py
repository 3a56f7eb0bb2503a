"""The embedded ptoas: assembles `pto` MLIR into PTO-ISA C++, called like the real assembler."""
