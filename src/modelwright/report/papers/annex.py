"""The technical documentation of Annex IV of the EU Artificial Intelligence Act: its nine sections."""

from __future__ import annotations

from modelwright.champions import PROMOTED, ROLLED_BACK
from modelwright.ledger import DECISION_KIND
from modelwright.report.papers.asking import Answers, answered, texts
from modelwright.report.papers.base import Block, Facts, Items, Law, Line, Paper, Section, Table, Text, Verbatim, line
from modelwright.report.papers.card import (
    columns_table,
    comparisons,
    findings_list,
    groups,
    scores,
    slices,
)
from modelwright.report.papers.decisions import TELLING
from modelwright.report.papers.evidence import Evidence
from modelwright.report.papers.further import private, single_cases, stressed, treated, worth
from modelwright.report.papers.standing import gates_table, standing_of, thresholds_table

__all__ = ["annex"]

CANDIDATES = 15
IMPORTANCES = 10


def annex(ev: Evidence) -> Paper:
    """Return the technical file."""
    wording = texts("annex-iv")
    dates = tuple((line(Law(d["day"])), line(Law(d["what"]))) for d in wording["dates"])
    return Paper(
        kind="annex-iv",
        title=line("Technical documentation: predicting ", ev.cite("problem/target")),
        lead=(Text(line(Law(wording["scope"]))), *standing_of(ev)),
        sections=(
            *answered(wording["sections"], "items", ANSWERS, ev),
            Section(
                line("Dates of application"),
                (Table(("From", "What"), dates), Text(line(Law(wording["dates_note"]["text"])))),
            ),
        ),
        source=wording["source"],
    )


def _purpose(ev: Evidence) -> tuple[Block, ...]:
    facts: list[tuple[str, Line]] = [
        ("Predicts", line(ev.cite("problem/target", code=True), " (", ev.cite("problem/objective"), ")")),
        ("Version", line(ev.cite("version/number", "count"), ", ", ev.cite("version/created_at", "when"))),
        ("Digest", line(ev.cite("version/digest", code=True))),
    ]
    if ev.get("brief/goal"):
        facts.insert(0, ("Goal", line(ev.cite("brief/goal", "sentence"))))
    return (Facts(tuple(facts)),)


def _interacts(ev: Evidence) -> tuple[Block, ...]:
    told = line("It answers a file, a call in Python or a request over HTTP; it loads nothing from a network.")
    return (Text(told),)


def _software(ev: Evidence) -> tuple[Block, ...]:
    update = line("A version is read by every later release; it is never changed, and an update is a new version.")
    return Text(line(ev.cite("version/software", "options"), ".")), Text(update)


def _forms(ev: Evidence) -> tuple[Block, ...]:
    size = line("A folder of ", ev.cite("version/size_bytes", "size"), ": JSON, arrays and native files of boosters.")
    return (Text(size),)


def _hardware(ev: Evidence) -> tuple[Block, ...]:
    told: Line = line("A plain processor; no accelerator is needed.")
    if ev.get("version/latency_ms") is not None:
        took = ev.cite("version/latency_ms", "milliseconds")
        told = line(*told, " Where it was packaged, one row took ", took, ".")
    return (Text(told),)


def _instructions(ev: Evidence) -> tuple[Block, ...]:
    project = ev.cite("version/project", "shell")
    predict = line("modelwright predict ", project, " new_rows.csv -o predictions.csv")
    return (
        Verbatim(line(*predict, "\nmodelwright serve ", project)),
        Text(line("What a file to score must hold is in section three.")),
    )


def _steps(ev: Evidence) -> tuple[Block, ...]:
    at = [a for a, e in (ev.get("ledger") or {}).items() if e["kind"] == DECISION_KIND]
    asked = line("Every decision is in the ledger of the project; the decision log tells them in words.")
    rows = tuple(
        (
            line(ev.cite(f"ledger/{n}/body/stage")),
            line(ev.cite(f"ledger/{n}/body/question")),
            line(ev.cite(f"ledger/{n}/body/choice")),
        )
        for n in at
        if ev.get(f"ledger/{n}/body/stage") not in ("audit",)
    )
    tools = line("Third-party tools: ", ev.cite("version/software", "options"), ".")
    return (Text(asked), Table(("Stage", "Question", "Choice"), rows), Text(tools)) if rows else (Text(tools),)


def _design(ev: Evidence) -> tuple[Block, ...]:
    choices = tuple(
        (
            line(ev.cite(f"{a}/question")),
            line(ev.cite(f"{a}/value")),
            line(ev.cite(f"{a}/decided_by")),
            line(ev.cite(f"{a}/why", "sentence")),
        )
        for a, _ in ev.each("problem/choices")
    )
    members = tuple(
        line(ev.cite(f"{a}/key", code=True), ", weight ", ev.cite(f"{a}/weight", "share"))
        for a, _ in ev.each("training/members")
    )
    blocks: list[Block] = [
        Text(line("It optimises ", ev.cite("problem/metric", "metric"), ". The answer is a weighted mean of:")),
        Items(members),
        Table(("Question", "Choice", "Decided by", "Why"), choices),
    ]
    if ev.get("explanation/importances"):
        rows = tuple(
            (line(ev.cite(f"{a}/column", code=True)), line(ev.cite(f"{a}/drop", "measured")))
            for a, _ in list(ev.each("explanation/importances"))[:IMPORTANCES]
        )
        blocks.append(Table(("Column", "How much worse the score gets when it is shuffled"), rows))
    if ev.get("training/frontier"):
        blocks.append(Text(line("Smaller ensembles that could have been chosen are in the report.")))
    return tuple(blocks)


def _architecture(ev: Evidence) -> tuple[Block, ...]:
    rows = tuple(
        (
            line(ev.cite(f"{a}/key", code=True)),
            line(ev.cite(f"{a}/status")),
            line(ev.cite(f"{a}/score", "number")),
            line(ev.cite(f"{a}/seconds", "seconds")),
        )
        for a, _ in list(ev.each("training/candidates"))[:CANDIDATES]
    )
    used = line(
        "Training took ",
        ev.cite("training/seconds", "seconds"),
        " and at most ",
        ev.cite("training/peak_memory_bytes", "size"),
        " of memory. ",
        ev.cite("training/refit", "sentence"),
    )
    return Text(used), Table(("Candidate", "Came to", "Score that chose", "Time"), rows)


def _data(ev: Evidence) -> tuple[Block, ...]:
    facts = Facts(
        (
            ("Source", line(ev.cite("source/location", code=True))),
            ("Read as", line(ev.cite("source/format"))),
            ("Rows", line(ev.cite("source/n_rows", "count"))),
            ("Rows used", line(ev.cite("problem/n_rows", "count"))),
            ("Columns", line(ev.cite("source/n_columns", "count"))),
            ("Digest", line(ev.cite("source/digest", code=True))),
        )
    )
    return facts, *treated(ev), *findings_list(ev), Text(line("The datasheet has more."))


def _oversight(ev: Evidence) -> tuple[Block, ...]:
    told = line(
        "For each row the reasons of its answer, in the user's own columns, and what would have to change; the report "
        "shows what drives the model and where it fails."
    )
    return (Text(told),)


def _testing(ev: Evidence) -> tuple[Block, ...]:
    measured = line("Measured on ", ev.cite("evaluation/measured_on", "sentence"), " ", ev.cite("problem", "split"))
    blocks: list[Block] = [Text(measured), scores(ev, "evaluation")]
    if ev.get("tested"):
        blocks += [Text(line("On the separate test file:")), scores(ev, "tested")]
    if ev.get("evaluation/comparisons"):
        blocks.append(comparisons(ev))
    return (*blocks, *groups(ev), *stressed(ev))


def _security(ev: Evidence) -> tuple[Block, ...]:
    told = line(
        "Loading a version runs no code from it, and checks the digest of every file first; a version can be signed. "
        "The server listens to this machine alone unless told otherwise, and takes keys with scopes."
    )
    return (Text(told),)


def _accuracy(ev: Evidence) -> tuple[Block, ...]:
    head = line(ev.cite("evaluation/headline/name", "metric"), " ", ev.cite("evaluation/headline", "measured"))
    return Text(line(*head, " on ", ev.cite("evaluation/headline/n", "count"), " rows.")), *single_cases(ev), *worth(ev)


def _groups(ev: Evidence) -> tuple[Block, ...]:
    return (*groups(ev), *((slices(ev),) if ev.get("evaluation/slices") else ()))


def _risks(ev: Evidence) -> tuple[Block, ...]:
    lines = tuple(
        line(ev.cite(f"{a}/because", "sentence"), " To do: ", ev.cite(f"{a}/do", "sentence"))
        for a, _ in ev.each("verdict/reasons")
    )
    return (*((Items(lines),) if lines else ()), *private(ev))


def _metrics(ev: Evidence) -> tuple[Block, ...]:
    at = next((a for a, c in ev.each("problem/choices") if c["question"] == "metric"), None)
    why = (": ", ev.cite(f"{at}/why", "sentence")) if at else (".",)
    return (
        Text(line("The metric is ", ev.cite("problem/metric", "metric"), *why)),
        Text(line(ev.cite("problem/metric", "metric"), " is the ", ev.cite("problem/metric", "explained"), ".")),
    )


def _gates(ev: Evidence) -> tuple[Block, ...]:
    return Text(line("What a version has to meet before it is used:")), gates_table(ev), *thresholds_table(ev)


CHANGES = (PROMOTED, ROLLED_BACK, "retrained")
"""Events that are changes to a version, or to whether it serves."""


def _changes(ev: Evidence) -> tuple[Block, ...]:
    told = [n for n, e in (ev.get("ledger") or {}).items() if e["kind"] in CHANGES]
    if not told:
        return (Text(line("The ledger tells of no change since this version was made.")),)
    rows = tuple(
        (line(ev.cite(f"ledger/{n}/at", "when")), line(ev.cite(f"ledger/{n}/kind")), _why(ev, n)) for n in told
    )
    return (Table(("When", "What", "Why"), rows),)


def _why(ev: Evidence, number: str) -> Line:
    kind = ev.get(f"ledger/{number}/kind")
    at = f"ledger/{number}/body/{TELLING.get(kind, 'why')}"
    return line(ev.cite(at, "sentence")) if ev.get(at) else line()


def _monitoring(ev: Evidence) -> tuple[Block, ...]:
    told = line(
        "The version carries a profile of its training rows; ",
        "the command that monitors compares what is asked with it, and estimates the loss before labels come.",
    )
    return (Text(told),)


ANSWERS: Answers = {
    "purpose": _purpose,
    "interacts": _interacts,
    "software": _software,
    "forms": _forms,
    "hardware": _hardware,
    "instructions": _instructions,
    "steps": _steps,
    "design": _design,
    "architecture": _architecture,
    "data": _data,
    "oversight": _oversight,
    "testing": _testing,
    "security": _security,
    "accuracy": _accuracy,
    "groups": _groups,
    "risks": _risks,
    "inputs": columns_table,
    "metrics": _metrics,
    "gates": _gates,
    "changes": _changes,
    "monitoring": _monitoring,
}
"""By the name in ``texts/annex-iv.toml``."""
