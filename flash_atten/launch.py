"""Run the Flash Attention kernel once: inputs from .npy files or drawn at random, result to a .npy file.

    tools/bazel run //flash_atten:launch -- --q_npy=q.npy --k_npy=k.npy --v_npy=v.npy --out=o.npy
    tools/bazel run //flash_atten:launch -- --q_rows=256 --s1=4096 --seed=1 --out=o.npy

q is [q rows, 128], k and v are [s1, 128], float16; the result is [q rows, 128], float32.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from absl import flags

from cli.files import output_file, user_path, write_file
from cli.interrupt import Interrupted, interruptible, leave
from cli.program import paragraph, run
from flash_atten.backend import open_backend
from flash_atten.built import Served, serve_shape
from flash_atten.check_inputs import INPUT_KINDS, AttentionInputs, make_inputs
from flash_atten.knob_flags import define_knobs
from flash_atten.operands import check_operands, numpy_operand
from kernels.backend import Choice
from kernels.launch_flags import define_choice
from kernels.library import KernelError, LibraryError

Q = flags.DEFINE_string("q_npy", None, "Queries: .npy file, float16 [q rows, 128]. Needs --k_npy and --v_npy.")
K = flags.DEFINE_string("k_npy", None, "Keys: .npy file, float16 [s1, 128].")
V = flags.DEFINE_string("v_npy", None, "Values: .npy file, float16 [s1, 128].")
OUT = flags.DEFINE_string(
    "out", None, "Where to write the result: .npy file, float32 [q rows, 128]. Default: not written."
)
S1 = flags.DEFINE_integer("s1", 1024, "Random inputs: rows of K and V.")
Q_ROWS = flags.DEFINE_integer("q_rows", None, "Random inputs: rows of Q. Default: the same as --s1.")
KIND = flags.DEFINE_enum("kind", "normal", list(INPUT_KINDS), "Random inputs: what they look like.")
SEED = flags.DEFINE_integer("seed", 0, "Random inputs: seed.", lower_bound=0)
KNOBS = define_knobs()
LIBRARY = flags.DEFINE_string("library", None, "Kernel library to use instead of the one built for these knobs.")
CHOICE = define_choice(interleave=True)

NPY_MAGIC = b"\x93NUMPY"
ZIP_MAGIC = b"PK"
"""First bytes of .npy files and of archives of them."""


@dataclass(frozen=True)
class Options:
    """A checked request."""

    inputs: AttentionInputs
    served: Served
    out: Path | None
    library: Path | None
    choice: Choice


def load_npy(name: str, path: Path) -> npt.NDArray[np.float16]:
    """Read one array; the checks against the kernel come later. Raises ValueError naming the file."""
    try:
        with path.open("rb") as file:
            head = file.read(len(NPY_MAGIC))
    except OSError as error:
        raise ValueError(f"--{name}_npy={path} cannot be read: {error.strerror}") from error
    if head.startswith(ZIP_MAGIC):
        raise ValueError(f"--{name}_npy={path} is an archive of arrays (.npz); give a .npy file with one array")
    if head != NPY_MAGIC:
        raise ValueError(f"--{name}_npy={path} is not a .npy file: it does not begin like one; numpy.save makes them")
    try:
        loaded = np.load(path, allow_pickle=False)
    except Exception as error:  # NumPy evaluates the header as Python: a damaged one raises whatever it leads to
        if "pickle" in str(error):
            raise ValueError(f"--{name}_npy={path} holds Python objects; give an array of float16") from error
        raise ValueError(f"--{name}_npy={path} is a damaged .npy file: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(loaded, np.ndarray):
        raise ValueError(f"--{name}_npy={path} is not a .npy file with one array")
    return loaded


def _is_result(head: bytes) -> bool:
    """Whether a file begins like a result: a .npy file of float32."""
    return head.startswith(NPY_MAGIC) and b"'<f4'" in head


def _library() -> Path | None:
    return user_path(LIBRARY.value) if LIBRARY.value else None


def _served(q_rows: int, s1: int) -> Served:
    return serve_shape(KNOBS(), q_rows, s1, CHOICE(), _library())


def _inputs() -> AttentionInputs:
    files = {"q": Q.value, "k": K.value, "v": V.value}
    missing = [f"--{name}_npy" for name, value in files.items() if not value]
    idle = [flag.name for flag in (S1, Q_ROWS, KIND, SEED) if flag.present]
    if len(missing) < len(files) and idle:
        raise ValueError(
            f"{', '.join('--' + name for name in idle)} is for random inputs, and --q_npy, --k_npy and --v_npy give "
            "others: leave out the one or the other"
        )
    if len(missing) == len(files):
        q_rows = S1.value if Q_ROWS.value is None else Q_ROWS.value
        # Before anything is drawn: a shape that no kernel serves is refused at once.
        _served(q_rows, S1.value)
        return make_inputs(KIND.value, q_rows, S1.value, SEED.value)
    if missing:
        raise ValueError(
            f"{' and '.join(missing)} missing: give all of --q_npy, --k_npy and --v_npy, or none of them for random "
            "inputs"
        )
    q, k, v = (load_npy(name, user_path(value or "")) for name, value in files.items())
    return AttentionInputs(q, k, v)


def options() -> Options:
    """Read the flags. Raises ValueError for a request that cannot be served."""
    inputs = _inputs()
    operands = [numpy_operand(name, getattr(inputs, name)) for name in ("q", "k", "v")]
    for operand in operands:
        operand.check()
    served = _served(inputs.q.shape[0], inputs.k.shape[0])
    check_operands(served.config, *operands)
    given = [user_path(text) for text in (Q.value, K.value, V.value) if text]
    out = output_file("out", OUT.value, ".npy", inputs=given, ours=_is_result)
    return Options(inputs, served, out, _library(), CHOICE())


def launch(chosen: Options) -> None:
    """Launch, write the result, print one line about it. Raises KernelError, LibraryError, OSError."""
    for note in chosen.served.notes:
        print(paragraph(f"note: {note}"))
    opened = open_backend(chosen.served.config, chosen.choice, path=chosen.library)
    backend, inputs = opened.backend, chosen.inputs
    bound = backend.bind(*(backend.from_numpy(array) for array in (inputs.q, inputs.k, inputs.v)))
    start = time.perf_counter()
    bound.run()
    # Within the measured time, as it waits for the device, where `run` only queues.
    out = backend.to_numpy(bound.out)
    seconds = time.perf_counter() - start
    print(f"backend: {opened.why}")
    print(
        f"{backend.library.info.name}: q {list(inputs.q.shape)}, k and v {list(inputs.k.shape)} -> {list(out.shape)} "
        f"float32 in {seconds * 1e3:.1f} ms of host time, first launch; mean {out.mean():.6f}, min {out.min():.4f}, "
        f"max {out.max():.4f}"
    )
    if chosen.out:
        content = io.BytesIO()
        np.save(content, out)
        write_file(chosen.out, content.getvalue())
        print(f"wrote {chosen.out}")


def work(chosen: Options) -> int:
    """Launch; Ctrl-C ends the program at once, also inside the kernel."""
    try:
        interruptible(lambda: launch(chosen))
    except Interrupted:
        leave("interrupted: nothing was written")
    return 0


if __name__ == "__main__":
    run(options, work, failed=(KernelError, LibraryError))
