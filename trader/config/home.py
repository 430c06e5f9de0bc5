"""
Where the house is: the folder that holds config/ and strategies/, seen from wherever somebody works in it.
"""

from __future__ import annotations

from pathlib import Path


def home() -> Path:
    """The first folder from here upwards that has both; else the one the package lies in."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "config/app.yaml").is_file() and (folder / "strategies").is_dir():
            return folder
    return Path(__file__).resolve().parents[2]
