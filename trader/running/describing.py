"""
Asking a process of its own what the strategies are.

The gateway's process never imports a strategy: whatever one does while it is
loaded — print, hang, crash — it does elsewhere, without keys, and here it is a
sentence.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from trader.errors import TraderError
from trader.gateway.describe import Answer, question
from trader.model.codec import CodecError, loads
from trader.ops.kernel_env import is_allowed
from trader.policy import StrategyStanza

LIMIT_SECONDS = 30.0
COMMAND = (sys.executable, "-m", "trader.gateway.describe")
LAST_CHARS = 400


class StrategiesRefused(TraderError):
    """The strategies cannot run; the message says which and why."""


class Describing:
    """The question put, so that others can work meanwhile; `answer` waits for what there is to know."""

    def __init__(
        self,
        directory: Path,
        stanzas: tuple[StrategyStanza, ...],
        defaults: dict[str, object],
        only: tuple[str, ...] | None,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        environment = {name: value for name, value in os.environ.items() if is_allowed(name)}
        self._limit_seconds = limit_seconds
        self._question = question(directory, stanzas, defaults, only)
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,  # a Ctrl-C in the terminal is for us to answer
        )

    def answer(self) -> Answer:
        """Facts on the strategies, or StrategiesRefused with what is wrong."""
        try:
            out, said = self._process.communicate(self._question, self._limit_seconds)
        except subprocess.TimeoutExpired:
            self.close()
            raise StrategiesRefused(f"loading the strategies took longer than {self._limit_seconds:g} s") from None
        if self._process.returncode:
            how = f"left with {self._process.returncode}"
            raise StrategiesRefused(f"loading the strategies ended their process ({how}): {said.strip()[-LAST_CHARS:]}")
        try:
            found = loads(Answer, out)
        except CodecError as error:
            raise StrategiesRefused(f"loading the strategies gave no answer: {error}") from None
        if found.refusal:
            refused = StrategiesRefused(found.refusal)
            refused.exit_code = found.exit_code
            raise refused
        return found

    def close(self) -> None:
        """End the process, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
