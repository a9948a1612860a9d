"""Having what was written outlast a power cut: files, and the names in a folder.

Leaves out how a file is written whole and then given its name: that is its writer's.
"""

import os
from pathlib import Path


def to_disk(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk. Raises OSError."""
    if os.name != "posix" and path.is_dir():
        return  # Only there can a folder be opened.
    held = os.open(path, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
