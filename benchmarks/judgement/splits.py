"""Which split is chosen, and is it the right one?

    python benchmarks/judgement/splits.py --data DATA --to OUT [--only elec2,turbofan_fd001] [--rows 20000]

`splits.csv` holds one set a line: its target, the kinds of split that are right (``plain`` is random or stratified;
``told`` is a plain split beside a finding of A017 or A018 that speaks of groups or of an order in time), and columns it
may use. The job is run up to the framing, on the file as it was published, of which at most --rows rows are kept in
their order. Where the framing measures how optimistic a plain split would be, its words are shown.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from asking import share_with_interval, write_results
from tables import Entry, asked_of, load

from modelwright import steps
from modelwright.brief import Brief
from modelwright.errors import ModelwrightError
from modelwright.frame.problem import Problem
from modelwright.lifecycle import STAGES, Silent
from modelwright.running import Run, quietly

SPEAKING = frozenset({"A017", "A018"})


def framed(entry: Entry, target: str, most_rows: int) -> tuple[Problem, Any]:
    """Return problem and audit of a set; nothing is trained."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        load(entry, most_rows=most_rows).to_csv(path, index=False)
        brief = Brief(source=str(path), target=target)
        with Run(brief, data=None, test=None, started=time.monotonic(), listener=Silent(), trains=False) as run:
            for stage in STAGES:
                with quietly():
                    run.keep(stage, getattr(steps, stage.name)(run))
                if stage.name == "frame":
                    break
            return run.documents["problem"], run.documents["audit"]


def optimism(problem: Problem) -> str:
    """Return what the framing says of the optimism of a plain split; empty where it measures none."""
    told = problem.optimism
    if told is None or told.excess.value is None:
        return ""
    excess = told.excess
    reach = "" if excess.low is None else f" ({excess.low:.3g} to {excess.high:.3g})"
    return f"{excess.value:+.3g}{reach} {excess.name}, fair {told.fair.value:.3g}, plain {told.naive.value:.3g}"


def judged(problem: Problem, audit: Any, expected: list[str], columns: list[str]) -> bool:
    """Return whether kind and columns are among the right ones."""
    used = {c for c in (problem.group, *problem.clock[:1]) if c}
    kind = problem.split.value
    if kind in ("random", "stratified"):
        spoken = any(f.code in SPEAKING for f in audit.findings)
        return "plain" in expected or ("told" in expected and spoken)
    return kind in expected and (not columns or bool(used & set(columns)))


def main() -> None:
    """Frame the sets and print a table."""
    asked, index, sets = asked_of(__doc__, "splits")
    results, lines = [], []
    for row in sets:
        name, expected = row["set"], row["expected"].split("|")
        columns = row["column"].split("|") if row["column"] else []
        wanted = " or ".join(expected) + (f" by {' or '.join(columns)}" if columns else "")
        try:
            problem, audit = framed(index[name], row["target"], asked.rows)
        except ModelwrightError as error:
            results.append({**row, "right": False, "chosen": "refused", "why": str(error)})
            lines.append(f"| {name} | refused: {str(error)[:80]} | {wanted} | **no** | | |")
            continue
        choice = next(c for c in problem.choices if c.question == "split")
        right = judged(problem, audit, expected, columns)
        spoken = sorted({f.code for f in audit.findings if f.code in SPEAKING})
        chosen = " ".join(filter(None, (problem.split.value, problem.group, *problem.clock)))
        results.append(
            {**row, "right": right, "chosen": chosen, "decided_by": choice.decided_by, "why": choice.why}
            | {"spoken": spoken, "optimism": optimism(problem)}
        )
        mark = "yes" if right else "**no**"
        told = (
            f"{choice.decided_by}{' beside ' + ', '.join(spoken) if choice.decided_by == 'default' and spoken else ''}"
        )
        lines.append(f"| {name} | {chosen} | {wanted} | {mark} | {told} | {optimism(problem)} |")
        print(lines[-1], flush=True)
    parts = {
        "sets with groups or an order in time": [r for r in results if "plain" not in r["expected"]],
        "sets without": [r for r in results if "plain" in r["expected"]],
    }
    head = ["# Splits of public sets", ""]
    for what, part in parts.items():
        hits = sum(r["right"] for r in part)
        head.append(f"Right for {hits} of {len(part)} {what}, {share_with_interval(hits, len(part))}.")
    head += ["", "| set | split chosen | right would be | right | decided by | optimism of a plain split |"]
    write_results(asked.to, "splits", results, [*head, "|---|---|---|---|---|---|", *lines])


if __name__ == "__main__":
    main()
