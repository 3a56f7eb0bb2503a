"""From a library to the Python that knows what its kernel must compute.

`kernel_library(kernel = "folder.module:function")` says which function that is, and the library carries its name along.
The function takes the library's knobs and returns a `kernels.kernel.Kernel`. So the programs for any kernel need no
list of kernels: they take what the library names, if it was brought along.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from kernels.kernel import Kernel
from kernels.library import BuildInfo, LibraryError


def kernel_of(info: BuildInfo) -> Kernel:
    """Return the kernel of a library. Raises LibraryError if the library names none, or one that is not here."""
    named = info.fields().get("kernel")
    if not named:
        raise LibraryError(
            f"the library {info.name} does not say what its kernel computes and how it is launched: name the function "
            'that does with kernel_library(kernel = "folder.module:function") (docs/kernel_library.md)'
        )
    module, _, function = str(named).partition(":")
    try:
        describe = getattr(import_module(module), function)
        return cast(Kernel, describe(info.knobs))
    except (ImportError, AttributeError) as error:
        raise LibraryError(
            f"the library {info.name} is described by {named}, which this program cannot load ({error}): it takes a "
            "program whose deps have that file"
        ) from error
    except (TypeError, ValueError, KeyError) as error:
        raise LibraryError(f"{named} does not know the knobs of the library {info.name}: {error}") from error
