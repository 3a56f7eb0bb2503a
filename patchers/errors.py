"""The one exception of this package."""


class PatchError(ValueError):
    """The input or the request is refused.

    The message is one paragraph: what was given, why it cannot be, what to do.
    """
