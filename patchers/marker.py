"""The comment that stands where a barrier was removed: written by the editor, recognised by the scanner."""

import re

_MARKER = re.compile(r"(?://|/\*)\s*\[vec_barriers\] ([a-z][a-z-]*): pipe_barrier\(PIPE_V\);\s*(?:\*/)?", re.ASCII)


def removal_comment(pattern: str, *, alone: bool) -> str:
    """Return the comment that replaces a barrier; `alone` says that nothing else stands on its line."""
    text = f"[vec_barriers] {pattern}: pipe_barrier(PIPE_V);"
    return f"// {text}" if alone else f"/* {text} */"


def removed_by(comment: str) -> str | None:
    """Return the name of the pattern if `comment` is such a comment."""
    match = _MARKER.fullmatch(comment) if "[vec_barriers]" in comment else None
    return match[1] if match else None
