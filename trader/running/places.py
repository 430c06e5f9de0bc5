"""
Where a run keeps its things: one journal, one lock and one socket for each mode and account.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trader.config import Config
from trader.gateway.socket_file import socket_path
from trader.state.journal import journal_path


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one mode and account under the folders of `app.yaml: paths`."""

    mode: str
    account: str
    var: Path
    reports: Path

    @classmethod
    def of(cls, config: Config) -> Places:
        """Those of *config*."""
        app = config.app
        return cls(app.mode, app.account, Path(app.paths.var), Path(app.paths.reports))

    @property
    def tag(self) -> str:
        """What tells this account's files from another's."""
        return f"{self.mode}-{self.account}"

    @property
    def run_dir(self) -> Path:
        """The folder of lock, socket and kill flag."""
        return self.var / "run"

    @property
    def journal(self) -> Path:
        """The durable record."""
        return journal_path(self.var, self.mode, self.account)

    @property
    def cycles(self) -> Path:
        """The folder of the executed notebooks."""
        return self.reports / "cycles"

    def socket(self) -> Path:
        """The gateway's socket; makes the folder it lies in."""
        return socket_path(self.run_dir, self.tag)
