"""The datasheet of the training data: the questions of Gebru et al. 2021, answered where something was recorded."""

from __future__ import annotations

from modelwright.audit.findings import Action, Severity
from modelwright.data.contract import Kind
from modelwright.report.papers.asking import Answers, answered, texts
from modelwright.report.papers.base import Block, Facts, Items, Line, Paper, Table, Text, line
from modelwright.report.papers.card import columns_table, findings_list
from modelwright.report.papers.evidence import Evidence
from modelwright.report.papers.further import treated

__all__ = ["datasheet"]

PERSONAL, PROTECTED, SMALL_GROUPS, IDENTIFIER = "A045", "A046", "A047", "A006"
REPEATED = frozenset({"A007", "A008", "A027"})
ERRORS = frozenset({"A009", "A010", "A012", "A032", "A033", "A034", "A035", "A038", "A039", "A041"})
MENDED = frozenset({Action.AS_MISSING, Action.AS_KIND, Action.AS_LEVEL, Action.DROP_ROWS, Action.DROP_COLUMN})
MOST_MISSING = 20
"""Columns with gaps that are listed, the emptiest first."""


def datasheet(ev: Evidence) -> Paper:
    """Return the datasheet."""
    wording = texts("datasheet")
    lead = line(
        "The data in ",
        ev.cite("source/location", code=True),
        ", digest ",
        ev.cite("source/digest", code=True),
        ", as it was read for version ",
        ev.cite("version/number", "count"),
        " of ",
        ev.cite("version/project", code=True),
        ".",
    )
    return Paper(
        kind="datasheet",
        title=line("Datasheet: the data behind ", ev.cite("problem/target")),
        lead=(Text(lead),),
        sections=answered(wording["sections"], "questions", ANSWERS, ev),
        source=wording["source"],
    )


def told(ev: Evidence, codes: frozenset[str] | set[str]) -> tuple[Block, ...]:
    """Return the findings of some rules as a list; nothing where they found nothing."""
    at = [a for a, f in ev.each("audit/findings") if f["code"] in codes]
    lines = tuple(line(ev.cite(f"{a}/message", "sentence"), " (", ev.cite(f"{a}/code"), ")") for a in at)
    return (Items(lines),) if lines else ()


def _used_for(ev: Evidence) -> tuple[Block, ...]:
    task = line("To predict ", ev.cite("problem/target", code=True), " (", ev.cite("problem/objective"), ").")
    goal = line("The goal, as the brief says it: ", ev.cite("brief/goal", "sentence"))
    return (Text(task), Text(goal)) if ev.get("brief/goal") else (Text(task),)


def _how_many(ev: Evidence) -> tuple[Block, ...]:
    facts: list[tuple[str, Line]] = [
        ("Rows in the source", line(ev.cite("source/n_rows", "count"))),
        ("Rows read", line(ev.cite("source/n_rows_read", "count"))),
        ("Rows used for training and measuring", line(ev.cite("problem/n_rows", "count"))),
    ]
    target = next((a for a, c in ev.each("profile/columns") if c["name"] == ev.get("problem/target")), None)
    if not ev.get("problem/classes") or target is None or not ev.get(f"{target}/top"):
        return (Facts(tuple(facts)),)
    rows = tuple(
        (line(ev.cite(f"{at}/0", code=True)), line(ev.cite(f"{at}/1", "count"))) for at, _ in ev.each(f"{target}/top")
    )
    return Facts(tuple(facts)), Table(("Class", "Rows"), rows)


def _sampled(ev: Evidence) -> tuple[Block, ...]:
    if ev.get("source/n_rows_read") == ev.get("source/n_rows"):
        return ()
    return (
        Text(
            line(
                "Of the rows in the source a uniform random sample was read: ",
                ev.cite("source/n_rows_read", "count"),
                " of ",
                ev.cite("source/n_rows", "count"),
                ".",
            )
        ),
    )


def _consists_of(ev: Evidence) -> tuple[Block, ...]:
    count = line(ev.cite("source/n_columns", "count"), " columns, of which the model may use these:")
    return Text(count), *columns_table(ev, offered=True)


def _label(ev: Evidence) -> tuple[Block, ...]:
    said: Line = line("Yes: ", ev.cite("problem/target", code=True))
    if ev.get("problem/classes"):
        said = line(*said, ", with the classes ", ev.cite("problem/classes", "names"))
    return (Text(line(*said, ".")),)


def _missing(ev: Evidence) -> tuple[Block, ...]:
    holes = sorted(
        ((a, c["n_missing"]) for a, c in ev.each("profile/columns") if c["n_missing"]), key=lambda found: -found[1]
    )
    if not holes:
        return (Text(line("No: no value is missing in any column.")),)
    rows = tuple((line(ev.cite(f"{a}/name", code=True)), line(ev.cite(f"{a}/n_missing", "count"))) for a, _ in holes)
    of = line("Missing values by column, of ", ev.cite("profile/n_rows", "count"), " rows:")
    more = (Text(line("More columns with gaps are in the profile.")),) if len(rows) > MOST_MISSING else ()
    return Text(of), Table(("Column", "Missing"), rows[:MOST_MISSING]), *more


def _relationships(ev: Evidence) -> tuple[Block, ...]:
    lines = []
    if ev.get("problem/group"):
        group = ev.cite("problem/group", code=True)
        lines.append(line("Rows with the same value of ", group, " belong together, and never lie on both sides."))
    if ev.get("problem/time"):
        lines.append(line("Rows are ordered by ", ev.cite("problem/time", code=True), "."))
    return (Items(tuple(lines)),) if lines else told(ev, {"A017", "A018", "A028"})


def _splits(ev: Evidence) -> tuple[Block, ...]:
    at = next((a for a, c in ev.each("problem/choices") if c["question"] == "split"), None)
    why = (" ", ev.cite(f"{at}/why", "opening")) if at else ()
    if not ev.get("problem/holdout"):
        none = line("No rows were kept apart: all are measured in cross-validation.")
        return Text(line(ev.cite("problem", "split"), *why)), Text(none)
    held = line("Share kept apart for the final measurement: ", ev.cite("problem/holdout", "share"), ".")
    return Text(line(ev.cite("problem", "split"), *why)), Text(held)


def _errors(ev: Evidence) -> tuple[Block, ...]:
    found = told(ev, ERRORS | REPEATED)
    asked = line("Rules that looked at the rows: ", ev.cite("audit/outcomes", "rules"), ".")
    return (Text(asked), *found) if found else (Text(asked), Text(line("None of them found any.")))


def _contained(ev: Evidence) -> tuple[Block, ...]:
    read = line(
        "It was read from one place, as ", ev.cite("source/format"), ": ", ev.cite("source/location", code=True)
    )
    return (Text(line(*read, ".")),)


def _subpopulations(ev: Evidence) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if ev.get("brief/protected"):
        named = ev.cite("brief/protected", "names", code=True)
        blocks.append(Text(line("By columns that the brief protects: ", named, ".")))
    for at, table in ev.each("evaluation/fairness/tables"):
        rows = tuple(
            (line(ev.cite(f"{a}/group", code=True)), line(ev.cite(f"{a}/n", "count"))) for a, _ in ev.each(f"{at}/rows")
        )
        if len(table["columns"]) == 1 and rows:
            where = line("By ", ev.cite(f"{at}/columns", "names", code=True), ", among the rows that were measured:")
            blocks += [Text(where), Table(("Group", "Rows"), rows)]
    return (*blocks, *told(ev, {PROTECTED, SMALL_GROUPS}))


def _by_policy(ev: Evidence) -> tuple[Block, ...]:
    """Return the columns in which a policy found personal data: the audit has seen what was left of them alone."""
    found = [a for group in ("columns", "judged") for a, c in ev.each(f"privacy/{group}") if c["datum"]]
    lines = [line(ev.cite(f"{a}/column", code=True), ": ", ev.cite(f"{a}/why", "sentence")) for a in found]
    lines += [line(ev.cite(a, code=True), ": kept as it is by the brief") for a, _ in ev.each("privacy/kept")]
    if not lines:
        return ()
    said = "The source holds personal data in these columns; what was done to them as they were read is told below:"
    return Text(line(said)), Items(tuple(lines))


def _timeframe(ev: Evidence) -> tuple[Block, ...]:
    dates = [a for a, spec in ev.each("contract/columns") if spec["kind"] == Kind.DATETIME]
    lines = tuple(line(ev.cite(f"{a}/name", code=True), ": ", ev.cite(a, "values")) for a in dates)
    return (Text(line("Dates in the data:")), Items(lines)) if lines else ()


def _cleaning(ev: Evidence) -> tuple[Block, ...]:
    at = [a for a, f in ev.each("audit/findings") if f["action"] in MENDED and not f["overruled"]]
    lines = tuple(
        line(ev.cite(f"{a}/title"), " (", ev.cite(f"{a}/code"), "): ", ev.cite(f"{a}/done", "sentence")) for a in at
    )
    notes = tuple(line(ev.cite(a, "sentence")) for a, _ in ev.each("source/notes"))
    personal = treated(ev)
    if not (lines or notes or personal):
        return (Text(line("No: rows and values were used as they came.")),)
    return (*((Items(notes + lines),) if notes + lines else ()), *personal)


def _raw(ev: Evidence) -> tuple[Block, ...]:
    return (Text(line("The source is left as it was: nothing is written to it.")),)


def _software(ev: Evidence) -> tuple[Block, ...]:
    made = line("Modelwright, under the Apache licence; with ", ev.cite("version/software", "options"), ".")
    return (Text(made),)


def _impact(ev: Evidence) -> tuple[Block, ...]:
    warned = any(f["severity"] != Severity.INFO for _, f in ev.each("audit/findings"))
    return findings_list(ev) if warned else ()


ANSWERS: Answers = {
    "used_for": _used_for,
    "how_many": _how_many,
    "sampled": _sampled,
    "consists_of": _consists_of,
    "label": _label,
    "missing": _missing,
    "relationships": _relationships,
    "splits": _splits,
    "errors": _errors,
    "contained": _contained,
    "subpopulations": _subpopulations,
    "identifiable": lambda ev: (*_by_policy(ev), *told(ev, {PERSONAL, IDENTIFIER})),
    "sensitive": lambda ev: (*_by_policy(ev), *told(ev, {PERSONAL, PROTECTED})),
    "timeframe": _timeframe,
    "cleaning": _cleaning,
    "raw": _raw,
    "software": _software,
    "tasks": _used_for,
    "impact": _impact,
}
"""By the name in ``texts/datasheet.toml``."""
