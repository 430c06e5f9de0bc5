"""
The kernels of a run: warmed for the strategies that will run, and the runner that uses one for each cycle.
"""

from __future__ import annotations

from pathlib import Path

from trader.config.secret_values import masked
from trader.gateway.describe import Answer
from trader.ops.notebook_runner import NotebookRunner
from trader.ops.spare_kernel import DEFAULT_WARMUP, KernelSettings
from trader.ops.spare_pool import SparePool
from trader.running.asked import RunAsked


def runner_of(asked: RunAsked, records: Path, deadline_seconds: float, described: Answer) -> NotebookRunner:
    """Runs the notebook of *asked* within *deadline_seconds*; its pool is still to be opened."""
    pool = SparePool(KernelSettings(_warmup(asked.strategies_dir, described)), asked.kernels)
    return NotebookRunner(asked.notebook, records, deadline_seconds, pool=pool, redact=masked)


def _warmup(strategies_dir: Path, described: Answer) -> str:
    """The code that warms a kernel for what runs."""
    names = tuple(facts.name for facts in described.strategies)
    given = f"{str(strategies_dir.absolute())!r}, {names!r}"
    return f"{DEFAULT_WARMUP}\nimport trader.app\nfrom trader.running.warm import warm_up\nwarm_up({given})\n"
