"""
Names the venue gives, from its seed: the same rehearsal gives the same names.
"""

from __future__ import annotations

import hashlib
import uuid


class Ids:
    """A stream of uuids."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._given = 0

    def new(self, kind: str) -> str:
        """A fresh one; an `entry` is a hash, as the venue's are."""
        self._given += 1
        digest = hashlib.sha256(f"{self._seed} {kind} {self._given}".encode())
        return digest.hexdigest() if kind == "entry" else str(uuid.UUID(bytes=digest.digest()[:16], version=4))

    def named(self, name: str) -> str:
        """The one that *name* always has."""
        digest = hashlib.sha256(f"{self._seed} named {name}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))
