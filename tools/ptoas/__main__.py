"""`python -m tools.ptoas`, and the program `//tools/ptoas`."""

import gc

from tools.ptoas.cli import run

if __name__ == "__main__":
    gc.disable()  # a short process that builds one large graph: collecting it costs a fifth of the run
    run()
