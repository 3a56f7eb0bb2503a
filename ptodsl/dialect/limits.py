"""What the real assembler takes, and the device does not."""

from __future__ import annotations

from xdsl.utils.exceptions import VerifyException


class DeviceLimit(VerifyException):
    """What the real assembler takes, and the device's headers of August 2026 do not.

    It is raised when nothing else is wrong with an operation. The assembler warns of it; the DSL refuses it.
    """
