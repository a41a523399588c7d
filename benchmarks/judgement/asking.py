"""Asks the audit about a table through its real entry: a file that is read, understood, profiled and audited."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from modelwright.auditing import audit_only
from modelwright.brief import Brief
from modelwright.errors import ModelwrightError

__all__ = ["Answer", "Told", "ask", "share_with_interval", "write_results"]


@dataclass(frozen=True)
class Told:
    """What one finding said: enough to score it."""

    code: str
    severity: str
    action: str
    columns: tuple[str, ...]
    rows: tuple[int, ...]
    n_rows: int

    @property
    def loud(self) -> bool:
        """A warning, an error, or a finding that changes something."""
        return self.severity != "info" or self.action != "told"


@dataclass(frozen=True)
class Answer:
    """An audit: its findings, rules that crashed, why it refused the table ("" where it did not), seconds."""

    findings: tuple[Told, ...]
    failed: tuple[str, ...]
    refused: str
    seconds: float


def ask(frame: pd.DataFrame, target: str | None, *, test: pd.DataFrame | None = None, **brief: Any) -> Answer:
    """Return what the audit says of a table that is written to a file first, with a test file where there is one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        frame.to_csv(path, index=False)
        asked = Brief(source=str(path), target=target, **brief)
        if test is not None:
            test.to_csv(Path(folder) / "test.csv", index=False)
            asked = asked.merged(test=str(Path(folder) / "test.csv"))
        started = time.perf_counter()
        try:
            audit = audit_only(asked).audit
        except ModelwrightError as error:
            return Answer((), (), str(error).split(" · ")[0][:120], time.perf_counter() - started)
        seconds = time.perf_counter() - started
    told = tuple(
        Told(f.code, f.severity.value, f.action.value, f.columns, f.rows, f.n_rows)
        for f in audit.findings
        if not f.overruled
    )
    failed = tuple(f"{o.code}: {o.why}" for o in audit.outcomes if o.answer == "failed")
    return Answer(told, failed, "", seconds)


def share_with_interval(hits: int, n: int) -> str:
    """Return ``"83 % (70–91)"`` with Wilson's interval, ``"–"`` for no trial."""
    from modelwright.evaluate.scales import wilson

    if not n:
        return "–"
    low, high = wilson(hits, n)
    return f"{100 * hits / n:.0f} % ({100 * low:.0f}–{100 * high:.0f})"


def write_results(to: Path, name: str, results: Any, lines: Sequence[str]) -> None:
    """Write ``NAME.json`` and ``NAME.md`` into a folder, and print the latter."""
    import json

    to.mkdir(parents=True, exist_ok=True)
    (to / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    text = "\n".join(lines) + "\n"
    (to / f"{name}.md").write_text(text)
    print(text, flush=True)
