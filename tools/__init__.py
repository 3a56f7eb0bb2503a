"""Programs that make up the build: the assembler, the compilers, test and lint drivers."""
