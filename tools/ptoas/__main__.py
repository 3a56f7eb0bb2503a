"""`python -m tools.ptoas`, and the program `//tools/ptoas`."""

from tools.ptoas.cli import run

if __name__ == "__main__":
    run()
