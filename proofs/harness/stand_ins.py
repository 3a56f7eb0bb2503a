"""Programs that stand in for others in checks."""

from __future__ import annotations

from pathlib import Path


def write_program(path: Path, text: str) -> None:
    """Writes an executable file, with the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
