"""What papers tell of stress, of single cases, of privacy and of money, where it was measured."""

from __future__ import annotations

import re

from modelwright.report.papers.base import Block, Items, Line, Table, Text, line
from modelwright.report.papers.evidence import Evidence

__all__ = ["private", "single_cases", "stressed", "treated", "worth"]

KNOWN = {
    "intervals": "Intervals or sets: ",
    "abstaining": "What is left to a person: ",
    "unusual": "Rows unlike those of training: ",
}
"""What a version knows of a single case, and how it is told."""
OF_ALL_ROWS = r"coverage_[0-9]+"
"""Names of coverages that are not those of a group, ``coverage_80 where region is zone_12``."""
STRESSES = 15
"""Disturbances that are listed, those that cost most first; the report has all."""


def stressed(ev: Evidence) -> tuple[Block, ...]:
    """Return how the model bears disturbed rows."""
    rows = []
    for at, case in list(ev.each("stress/cases"))[:STRESSES]:
        lost: Line = line("refused: ", ev.cite(f"{at}/refused")) if case["refused"] else line()
        if case["lost"] is not None:
            lost = line(ev.cite(f"{at}/lost", "measured"))
        noticed = line(ev.cite(f"{at}/noticed") if case["noticed"] else "nothing tells")
        rows.append((line(ev.cite(f"{at}/words")), lost, line(ev.cite(f"{at}/judgement")), noticed))
    if not rows:
        return ()
    base = line(
        "On disturbed rows, against ",
        ev.cite("stress/base", "measured"),
        " on the same rows as they were (",
        ev.cite("stress/measured_on"),
        "):",
    )
    return Text(base), Table(("If", "The score is worse by", "So it", "What is told of it"), tuple(rows))


def single_cases(ev: Evidence) -> tuple[Block, ...]:
    """Return how sure the version is of a single case: coverage, what is left to a person, rows unlike training."""
    lines = [
        line(
            "Of intervals or sets for ",
            ev.cite(f"{at}/name", "nominal"),
            ", ",
            ev.cite(at, "measured"),
            " held the truth.",
        )
        for at, m in ev.each("sure/coverage")
        if m["value"] is not None and re.fullmatch(OF_ALL_ROWS, m["name"])
    ]
    for name, title in KNOWN.items():
        if ev.get(f"sure/{name}"):
            lines.append(line(title, ev.cite(f"sure/{name}", "sentence")))
    return (Text(line("Of a single case:")), Items(tuple(lines))) if lines else ()


def private(ev: Evidence) -> tuple[Block, ...]:
    """Return how well attacks tell who was trained on."""
    rows = tuple(
        (line(ev.cite(f"{at}/name")), line(ev.cite(f"{at}/auc", "measured")))
        for at, attack in ev.each("evaluation/membership/attacks")
        if attack.get("auc") is not None
    )
    if not rows:
        return ()
    most = ev.cite("evaluation/membership/most", "number")
    told = line("How well attacks tell who was trained on (guessing reaches a half; at most ", most, " is accepted):")
    return Text(told), Table(("Attack", "Area under its ROC curve"), rows)


def treated(ev: Evidence) -> tuple[Block, ...]:
    """Return what a privacy policy did to columns before anything was made of them."""
    at = [a for a, _ in ev.each("privacy/columns")]
    if not at:
        return ()
    rows = tuple(
        (
            line(ev.cite(f"{a}/column", code=True)),
            line(ev.cite(f"{a}/action")),
            line(ev.cite(f"{a}/decided_by")),
            line(ev.cite(f"{a}/why", "sentence")),
        )
        for a in at
    )
    policy: Line = line("What was done to personal data")
    if ev.get("privacy/policy"):
        policy = line(*policy, " by the policy ", ev.cite("privacy/title"), " (", ev.cite("privacy/basis"), ")")
    return Text(line(*policy, ":")), Table(("Column", "Done", "Decided by", "Why"), rows)


def worth(ev: Evidence) -> tuple[Block, ...]:
    """Return what its decisions earn beyond the ways without it, under the payoff of the brief."""
    rows = tuple(
        (line(ev.cite(f"{at}/text")), line(ev.cite(f"{at}/gain", "measured")))
        for at, way in ev.each("evaluation/worth/ways")
        if way.get("gain") and way["gain"]["value"] is not None and not way.get("modelled")
    )
    if not rows:
        return ()
    return Text(line("What it earns beyond ways without it, for a thousand cases:")), Table(
        ("Without it", "The model earns more by"), rows
    )
