"""What the report says of columns, findings and the problem, as rows of text for the templates."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modelwright import format as fmt
from modelwright.audit.findings import Action, Audit, Finding, Outcome
from modelwright.brief import Brief
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import AT_5, AT_95, MEDIAN, QUANTILES, ColumnProfile, Profile
from modelwright.data.source import Source
from modelwright.frame.problem import Problem, SplitKind
from modelwright.report import charts
from modelwright.report.inputs import ReportInput
from modelwright.report.money import outcome_of
from modelwright.report.words import title_of

__all__ = [
    "ColumnRow",
    "apart",
    "asked",
    "column_rows",
    "commands",
    "confusion_rows",
    "effect_words",
    "facts_of_source",
    "needs",
    "optimism_words",
    "outcome_words",
    "split_words",
    "target_shape",
    "values_of",
]

APART = {"not asked": "not asked", "allowed": "overruled by the brief", "failed": "failed"}
"""Answers of rules that say nothing of the data, and how they are told."""

LEVELS_NAMED = 3
LEVELS_OF_A_NEED = 6

SPLITS = {
    SplitKind.RANDOM: "Rows were dealt to the parts at random.",
    SplitKind.STRATIFIED: "Rows were dealt to the parts at random, each part with the same mix of the target.",
    SplitKind.GROUP: "Rows of the same group always stay in the same part, so the model is judged on groups it has "
    "never seen.",
    SplitKind.TIME: "The model always learns from earlier rows and is judged on later ones, as in real use.",
    SplitKind.GROUP_TIME: "The model learns from earlier rows and is judged on later rows of groups it has never seen.",
}

COMES_NEXT = {
    SplitKind.GROUP: "groups they had not seen",
    SplitKind.TIME: "stretches of time that came later",
    SplitKind.GROUP_TIME: "later rows of groups they had not seen",
}


@dataclass(frozen=True, kw_only=True)
class ColumnRow:
    """A column in the table of columns."""

    name: str
    kind: str
    why: str
    missing: str
    distinct: str
    typical: str
    shape: Markup
    role: str
    tone: str = ""


def facts_of_source(source: Source) -> list[tuple[str, str]]:
    """Return what was read and how."""
    rows = fmt.count(source.n_rows)
    if source.n_rows_read < source.n_rows:
        rows += f", of which {fmt.count(source.n_rows_read)} were read"
    facts = [("Source", source.location), ("Rows", rows), ("Columns", fmt.count(source.n_columns))]
    if source.n_bytes is not None:
        facts.append(("Size", fmt.size(source.n_bytes)))
    options = ", ".join(f"{k} {_visible(v)}" for k, v in source.options.items() if v)
    facts.append(("Read as", source.format + (f" ({options})" if options else "")))
    return facts


def _visible(value: str) -> str:
    return {"\t": "tab", " ": "blank", ",": "‘,’", ";": "‘;’", "|": "‘|’", ".": "‘.’"}.get(value, value)


def asked(brief: Brief) -> list[tuple[str, str]]:
    """Return the fields of the brief that say something, in words."""
    limits = brief.limits
    listed = (
        ("Goal", brief.goal),
        ("Column to predict", brief.target or ""),
        ("Source", brief.source),
        ("Query", brief.query or ""),
        ("Separate test file", brief.test or ""),
        ("Objective", brief.objective or ""),
        ("Class that counts as the event", brief.positive or ""),
        ("Metric", brief.metric or ""),
        ("Split", brief.split or ""),
        ("Time column", brief.time or ""),
        ("Labels are known after", brief.label_delay or ""),
        ("Group column", brief.group or ""),
        ("Columns not to use", fmt.joined(brief.drop, 20)),
        ("Known only after the fact, so not used", fmt.joined(brief.known_after, 20)),
        ("Protected columns", fmt.joined(brief.protected, 20)),
        ("Groups are compared by", brief.fairness or ""),
        ("Least ratio between groups", fmt.number(brief.fairness_ratio) if brief.fairness else ""),
        ("Groups may get thresholds of their own", "yes" if brief.fairness_thresholds else ""),
        ("Findings overruled", fmt.joined(brief.allow, 20)),
        ("Kinds given", ", ".join(f"{c}: {k}" for c, k in brief.kinds.items())),
        *_asked_of_money(brief),
        *_asked_of_trust(brief),
        ("Time allowed", fmt.duration(limits.budget_s)),
        ("Trials", "" if limits.trials is None else fmt.count(limits.trials)),
        ("Memory allowed", "" if limits.memory_bytes is None else fmt.size(limits.memory_bytes)),
        ("Most models", "" if limits.members is None else fmt.count(limits.members)),
        ("Longest time to score a row", "" if limits.latency_ms is None else f"{fmt.number(limits.latency_ms)} ms"),
        ("Largest size of the model", "" if limits.artefact_bytes is None else fmt.size(limits.artefact_bytes)),
        ("Seed", str(brief.seed)),
    )
    return [(name, value) for name, value in listed if value]


def _asked_of_money(brief: Brief) -> tuple[tuple[str, str], ...]:
    capacity = "" if brief.capacity is None else f"{fmt.count(brief.capacity)} a {brief.period}"
    return (
        ("Payoff", ", ".join(f"{outcome_of(name)} {fmt.number(v, 4)}" for name, v in brief.payoff.items())),
        ("Currency", brief.currency),
        ("Cases that come", "" if brief.cases is None else f"{fmt.count(brief.cases)} a {brief.period}"),
        ("Cases that can be acted on", capacity),
    )


def _asked_of_trust(brief: Brief) -> tuple[tuple[str, str], ...]:
    auc = brief.membership_auc
    return (
        ("Answers that may be wrong; others are left to a person", fmt.share(brief.abstain) if brief.abstain else ""),
        ("An answer is still right when it is off by", brief.tolerance or ""),
        ("Intervals hold in each group of", brief.interval_by or ""),
        ("Thresholds of gates", ", ".join(f"{gate} {fmt.number(value, 4)}" for gate, value in brief.gates.items())),
        ("Privacy policy", brief.privacy or ""),
        ("Done to columns for privacy", ", ".join(f"{column}: {what}" for column, what in brief.private.items())),
        ("Whose rows these are", brief.subject or ""),
        ("The prediction log is kept for", brief.keep_log or ""),
        ("Most that an attack may tell of who was trained on", "" if auc is None else f"ROC AUC {fmt.number(auc)}"),
    )


def outcome_words(outcomes: Sequence[Outcome]) -> str:
    """Return what the rules said: ``"5 found something, 34 nothing, 11 do not apply to such a table"``."""
    n = Counter(outcome.answer for outcome in outcomes)
    said = [f"{n['finding'] + n['allowed']} found something", f"{n['passed']} nothing"]
    if n["not applicable"]:
        said.append(f"{n['not applicable']} do not apply to such a table")
    return ", ".join(said)


def apart(outcomes: Sequence[Outcome]) -> list[str]:
    """Return a line for each answer that is none: rules not asked, allowed by the brief, failed; with the reasons."""
    lines = []
    for answer, words in APART.items():
        reasons: dict[str, list[str]] = {}
        for outcome in outcomes:
            if outcome.answer == answer:
                reasons.setdefault("" if answer == "allowed" else outcome.why, []).append(outcome.code)
        for why, codes in reasons.items():
            told = f": {why}" if why else ""
            lines.append(f"{fmt.plural(len(codes), 'rule')} {words} ({fmt.joined(codes, 12)}){told}")
    return lines


def column_rows(
    contract: Contract,
    profile: Profile,
    audit: Audit,
    brief: Brief,
    problem: Problem | None,
    *,
    most: int,
    read: Collection[str] = (),
) -> list[ColumnRow]:
    """Return the columns in the order of the table, the target first and at most so many; ``read`` are those that the
    version reads, empty where that is not known."""
    profiles = {c.name: c for c in profile.columns}
    dropped = {c: f.code for f in audit.acting(Action.DROP_COLUMN) for c in f.columns}
    target = problem.target if problem else brief.target
    ordered = sorted(contract.columns, key=lambda s: s.name != target)
    return [
        _column_row(s, profiles.get(s.name), profile.n_rows, _role(s, brief, problem, target, dropped, read))
        for s in ordered[:most]
    ]


def _role(
    spec: ColumnSpec,
    brief: Brief,
    problem: Problem | None,
    target: str | None,
    dropped: dict[str, str],
    read: Collection[str],
) -> tuple[str, str]:
    name = spec.name
    if name == target:
        return "target", "target"
    if name in brief.known_after:
        return "not used: known after", "out"
    if name in brief.drop:
        return "not used: the brief", "out"
    if name in dropped:
        return f"not used: {dropped[name]}", "out"
    if problem is None:
        return "", ""
    if name in problem.features:
        return ("offered, not read by the model", "out") if read and name not in read else ("used", "")
    return "for the split only" if name in (problem.group, *problem.clock) else "not used", "out"


def _column_row(spec: ColumnSpec, column: ColumnProfile | None, n: int, role: tuple[str, str]) -> ColumnRow:
    kind = spec.kind.value + (f" in {spec.unit}" if spec.unit else "")
    if column is None:
        return ColumnRow(
            name=spec.name,
            kind=kind,
            why=spec.why,
            missing=fmt.NONE,
            distinct=fmt.count(spec.n_levels) if spec.n_levels else fmt.NONE,
            typical=fmt.NONE,
            shape=Markup(""),
            role=role[0],
            tone=role[1],
        )
    return ColumnRow(
        name=spec.name,
        kind=kind,
        why=spec.why,
        missing=fmt.share(column.n_missing / n) if n else fmt.NONE,
        distinct=fmt.count(column.n_distinct),
        typical=_typical(column, n, spec.scale),
        shape=charts.sparkline(column),
        role=role[0],
        tone=role[1],
    )


def _typical(column: ColumnProfile, n: int, scale: float) -> str:
    """Return the column in a few values, as they are in the table: canonical values over their scale."""
    if len(column.quantiles) == len(QUANTILES):
        q = column.quantiles
        if column.kind == Kind.BOOLEAN:
            return f"{fmt.share(column.mean)} yes"
        spread = q[-1] - q[0]
        shown = [v / scale for v in (q[AT_5], q[MEDIAN], q[AT_95])]
        low, middle, high = (fmt.value_of(v, column.kind, spread=spread / scale, beside=shown) for v in shown)
        return low if low == high else f"{low} … {middle} … {high}"
    if column.top and column.kind != Kind.ID:
        known = max(n - column.n_missing, 1)
        top = column.top[:LEVELS_NAMED]
        levels = fmt.told_apart([level for level, _ in top], 20)
        named = [f"{level} {fmt.share(c / known)}" for level, (_, c) in zip(levels, top)]
        return ", ".join(named) + (", …" if column.n_distinct > LEVELS_NAMED else "")
    if column.mean_length is not None:
        return f"about {fmt.number(column.mean_length, 2)} characters"
    return fmt.NONE


def target_shape(r: ReportInput) -> list[tuple[str, str, float]]:
    """Return the classes with their counts and shares, as they came in the table; empty for values."""
    if not r.problem.classes:
        return []
    column = next((c for c in r.profile.columns if c.name == r.problem.target), None)
    if column is None or not column.top:
        return [] if column is None else _shape_of_two(column, r.problem.classes)
    known = max(r.profile.n_rows - column.n_missing, 1)
    return [(level, fmt.count(n), n / known) for level, n in column.top]


def _shape_of_two(column: ColumnProfile, classes: Sequence[str]) -> list[tuple[str, str, float]]:
    """Return the counts and shares of two classes that are numbers, the larger first; empty for others."""
    counts = charts.counts_of_two(column) if column.kind == Kind.NUMBER and len(classes) == 2 else None
    try:
        named = sorted(classes, key=float)
    except ValueError:
        return []
    if counts is None or not sum(counts):
        return []
    shown = [(name, fmt.count(n), n / sum(counts)) for name, n in zip(named, counts, strict=True)]
    return sorted(shown, key=lambda each: -each[2])


def split_words(problem: Problem) -> str:
    """Return in words how rows were kept apart."""
    words = SPLITS[problem.split]
    if problem.group and problem.split in (SplitKind.GROUP, SplitKind.GROUP_TIME):
        words += f" The groups are the values of “{problem.group}”."
    if problem.split in (SplitKind.TIME, SplitKind.GROUP_TIME):
        said = fmt.joined(f"“{name}”" for name in problem.clock)
        words += f" Time is {said}." if said else " Time is the order of the rows in the file."
    return words


def effect_words(finding: Finding) -> str:
    """Return what the action of a finding did to a score, empty where it was not measured."""
    e = finding.effect
    return "" if e is None else fmt.effect(e.left, e.done, e.gain, title_of(e.gain.name))


def optimism_words(problem: Problem) -> str:
    """Return how much too good a random split would have looked, empty where it was not measured."""
    o = problem.optimism
    if o is None:
        return ""
    return fmt.excess(o.fair, o.naive, o.excess, title_of(problem.metric), COMES_NEXT[problem.split])


def needs(r: ReportInput) -> list[tuple[str, str, str, str]]:
    """Return what a file to score must hold: column, kind, values, whether it may be empty."""
    used = set(r.version.columns or r.problem.features)
    return [
        (s.name, s.kind.value, values_of(s), "may be empty" if s.nullable else "was never empty")
        for s in r.contract.columns
        if s.name in used
    ]


def values_of(spec: ColumnSpec) -> str:
    """Return the values that a column had, in a few words."""
    if spec.levels:
        words = ", ".join(fmt.told_apart(spec.levels[:LEVELS_OF_A_NEED], 24))
        rest = max(spec.n_levels, len(spec.levels)) - LEVELS_OF_A_NEED
        return words + (f" and {fmt.count(rest)} more" if rest > 0 else "")
    if spec.minimum is not None and spec.maximum is not None:
        spread = (spec.maximum - spec.minimum) / spec.scale
        ends = (spec.minimum / spec.scale, spec.maximum / spec.scale)
        low, high = (fmt.value_of(v, spec.kind, spread=spread, beside=ends) for v in ends)
        return f"{low} to {high}" + (f" {spec.unit}" if spec.unit else "")
    return "any " + {Kind.TEXT: "text", Kind.ID: "value"}.get(spec.kind, "value")


@dataclass(frozen=True, kw_only=True)
class ConfusionCell:
    """A cell: its count, its share of the true class, how strong it is shaded (0 to 10), and what it means."""

    n: str
    share: str
    round: str
    heat: int
    tip: str
    words: str = ""
    right: bool = False


def confusion_rows(r: ReportInput) -> list[tuple[str, list[ConfusionCell]]]:
    """Return the rows of the confusion matrix; shares are of the true class."""
    found = r.evaluation.confusion
    if found is None:
        return []
    binary = len(found.classes) == 2
    words = (("rightly passed over", "false alarm"), ("missed", "found"))
    rows = []
    for i, (name, counts) in enumerate(zip(found.classes, found.counts)):
        total = sum(counts)
        cells = [
            ConfusionCell(
                n=fmt.count(n),
                share=fmt.share(n / total) if total else fmt.NONE,
                round=_rounded(n, total),
                heat=round(10 * n / total) if total else 0,
                tip=f"{fmt.count(n)} rows of class {name} predicted as {found.classes[j]}",
                words=words[i][j] if binary else "",
                right=i == j,
            )
            for j, n in enumerate(counts)
        ]
        rows.append((name, cells))
    return rows


def _rounded(n: int, total: int) -> str:
    """Return the share in as little room as can be; empty for none."""
    if n == 0:
        return ""
    return f"{100 * n / total:.0f}" if 200 * n >= total else "<½"


def commands(r: ReportInput) -> list[tuple[str, str]]:
    """Return the commands to use the version, each with what it does."""
    project = shlex.quote(r.project)
    return [
        ("Predict a file, from the command line", f"modelwright predict {project} new_rows.csv -o predictions.csv"),
        (
            "Predict from Python",
            "import modelwright as mw\n"
            f"project = mw.Project({r.project!r})\n"
            "predictions = project.predict(frame)  # pandas, polars, Arrow or a path",
        ),
        ("Ask why something was decided", f"modelwright why {project} split"),
    ]
