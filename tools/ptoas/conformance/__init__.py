"""What the real assembler accepts and refuses, and what it prints: cases that run against any assembler."""
