"""The model card: front matter of Hugging Face, sections after Mitchell et al. 2019."""

from __future__ import annotations

import json
from typing import Any

from modelwright.audit.findings import Action, Severity
from modelwright.govern.fairness.wording import RATES
from modelwright.report import words
from modelwright.report.inputs import ReportInput
from modelwright.report.papers.base import (
    ALL,
    Block,
    Cited,
    Facts,
    Gap,
    Items,
    Line,
    Paper,
    Section,
    Table,
    Text,
    Verbatim,
    line,
)
from modelwright.report.papers.evidence import Evidence, evidence_of
from modelwright.report.papers.further import private, single_cases, stressed, worth
from modelwright.report.papers.markdown import render_markdown
from modelwright.report.papers.standing import standing_of

__all__ = ["card", "columns_table", "comparisons", "findings_list", "groups", "render_card", "scores", "slices"]

SOURCE = '"Model Cards for Model Reporting", Mitchell et al., FAT* 2019, doi:10.1145/3287560.3287596.'
PIPELINE_TAGS = {"classify": "tabular-classification", "regress": "tabular-regression"}
"""By objective: the Hub's names of tabular tasks, https://huggingface.co/docs/hub/model-cards."""
IMPORTANCES = 10
COLUMNS = 60
OWN_THRESHOLDS = (
    "each has a threshold of its own. Rows without a known group get the common one; chances are stated on its scale."
)
PERSON = line(Gap())
FURTHER = (
    ("A single case", single_cases),
    ("What it is worth", worth),
    ("Under stress", stressed),
    ("Who was trained on", private),
)
"""Parts of the analyses that are there where they were measured."""


def render_card(r: ReportInput) -> str:
    """Return the model card as Markdown."""
    evidence = evidence_of(r)
    return render_markdown(card(evidence, r), evidence)


def card(ev: Evidence, r: ReportInput) -> Paper:
    """Return the model card."""
    return Paper(
        kind="card",
        title=line("Predicting ", ev.cite("problem/target")),
        lead=(*standing_of(ev), *_cases(ev)),
        sections=(
            _details(ev),
            _intended_use(ev),
            _factors(ev),
            _metrics(ev),
            _evaluation_data(ev),
            _training_data(ev),
            *_analyses(ev),
            _ethics(ev),
            _caveats(ev),
        ),
        front=_front_matter(r),
        source=SOURCE,
    )


def _cases(ev: Evidence) -> tuple[Block, ...]:
    """Return the score in cases, as the report tells it; nothing where nothing was counted."""
    told = [ev.cite(ALL, form) for form in ("first case", "second case")]
    lines = tuple(line(piece) for piece in told if isinstance(piece, Cited) and piece.text)
    return (Items(lines),) if lines else ()


def _quoted(text: object) -> str:
    """Return a string that YAML reads back as it is: JSON strings are YAML strings."""
    return json.dumps(" ".join(str(text).split()), ensure_ascii=False)


def _front_matter(r: ReportInput) -> str:
    tag = PIPELINE_TAGS.get(r.problem.objective, "tabular-classification")
    known = [m for m in r.evaluation.metrics if m.value is not None]
    lines = ["library_name: modelwright", f"pipeline_tag: {tag}", "tags:", "- modelwright", "- tabular", f"- {tag}"]
    if known:
        lines += ["metrics:", *(f"- {m.name}" for m in known)]
    lines += ["model-index:", f"- name: {_quoted(f'{r.project}, version {r.version.number}')}"]
    if not known:
        return "\n".join([*lines, "  results: []"])
    lines += [
        "  results:",
        "  - task:",
        f"      type: {tag}",
        "    dataset:",
        f"      name: {_quoted(r.source.location)}",
        "      type: tabular",
        f"      revision: {_quoted(r.source.digest)}",
        "    metrics:",
    ]
    for m in known:
        name = _quoted(words.title_of(m.name))
        lines += [f"    - type: {m.name}", f"      name: {name}", f"      value: {m.value:.6g}"]
    return "\n".join(lines)


def _details(ev: Evidence) -> Section:
    members: list[Any] = []
    for at, _ in ev.each("training/members"):
        members += [", " if members else "", ev.cite(f"{at}/key", code=True), " ", ev.cite(f"{at}/weight", "share")]
    size: Line = line(ev.cite("version/size_bytes", "size"))
    if ev.get("version/latency_ms") is not None:
        size = line(*size, "; one row is scored in ", ev.cite("version/latency_ms", "milliseconds"))
    tag = PIPELINE_TAGS.get(ev.get("problem/objective"), "").replace("-", " ")
    return Section(
        line("Model details"),
        (
            Facts(
                (
                    ("Made by", PERSON),
                    ("Version", line(ev.cite("version/number", "count"), ", ", ev.cite("version/created_at", "when"))),
                    ("Kind", line(tag or ev.cite("problem/objective"))),
                    ("Model", line(*(members or ["no member is recorded"]))),
                    ("Size", size),
                    ("Software", line(ev.cite("version/software", "options"))),
                    ("Digest", line(ev.cite("version/digest", code=True))),
                    ("Licence", PERSON),
                    ("Contact", PERSON),
                )
            ),
        ),
    )


def _intended_use(ev: Evidence) -> Section:
    return Section(
        line("Intended use"),
        (
            Text(line("Goal: ", ev.cite_or_gap("brief/goal"))),
            Items(
                (
                    line("Intended users: ", Gap()),
                    line("Uses it is not meant for: ", Gap()),
                    line("Columns it needs: ", *_needed(ev), ", see below"),
                )
            ),
            Verbatim(
                line("modelwright predict ", ev.cite("version/project", "shell"), " new_rows.csv -o predictions.csv")
            ),
        ),
    )


def _needed(ev: Evidence) -> Line:
    """Return how many columns a file to score must have; of a wide table a part of those that were offered."""
    offered, read = ev.get("problem/features"), ev.get("version/columns")
    if not read or len(read) == len(offered):
        return (ev.cite("problem/features", "length"),)
    return ev.cite("version/columns", "length"), " of ", ev.cite("problem/features", "length"), " that it was offered"


def _factors(ev: Evidence) -> Section:
    protected = "Protected columns: "
    if ev.get("brief/protected"):
        lines = [line(protected, ev.cite("brief/protected", "names", code=True))]
    else:
        lines = [line(protected, "none were named. ", Gap())]
    looked = dict.fromkeys(s["column"] for _, s in ev.each("evaluation/slices"))
    if looked:
        at = [next(a for a, s in ev.each("evaluation/slices") if s["column"] == c) for c in sorted(looked)]
        named = [p for a in at for p in (", ", ev.cite(f"{a}/column", code=True))][1:]
        lines.append(line("Parts looked at on their own, by ", *named))
    lines.append(line("Groups of people, instruments or places that matter: ", Gap()))
    return Section(line("Factors"), (Items(tuple(lines)),))


def _metrics(ev: Evidence) -> Section:
    at = next((a for a, c in ev.each("problem/choices") if c["question"] == "metric"), None)
    why = (": ", ev.cite(f"{at}/why", "sentence")) if at else (".",)
    blocks: list[Block] = [Text(line("The model was chosen by ", ev.cite("problem/metric", "metric"), *why))]
    if ev.get("evaluation/threshold") is not None:
        threshold = ev.cite("evaluation/threshold", "number")
        blocks.append(
            Text(line("Decision threshold: ", threshold, ". ", ev.cite("evaluation/threshold_why", "sentence")))
        )
    blocks.append(
        Text(
            line(
                "Intervals are at ",
                ev.cite("evaluation/headline/level", "level"),
                "; the headline's was made by ",
                ev.cite("evaluation/headline/method", "sentence"),
            )
        )
    )
    return Section(line("Metrics"), tuple(blocks))


def _evaluation_data(ev: Evidence) -> Section:
    measured = ev.cite("evaluation/measured_on", "sentence")
    blocks: list[Block] = [Text(line("Measured on ", measured, " ", ev.cite("problem", "split")))]
    if ev.get("problem/optimism"):
        blocks.append(Text(line(ev.cite("problem", "optimism"))))
    if ev.get("version/recalibrated"):
        blocks.append(Text(line(ev.cite("version/recalibrated", "sentence"))))
    if ev.get("version/test_note"):
        blocks.append(Text(line(ev.cite("version/test_note", "sentence"))))
    blocks.append(Text(line("Why these rows stand for those the model will meet: ", Gap())))
    return Section(line("Evaluation data"), tuple(blocks))


def columns_table(ev: Evidence, *, offered: bool = False) -> tuple[Block, ...]:
    """Return what a file to score must hold, or all columns that were offered."""
    used = set((not offered and ev.get("version/columns")) or ev.get("problem/features"))
    at = [a for a, spec in ev.each("contract/columns") if spec["name"] in used]
    rows = tuple(
        (
            line(ev.cite(f"{a}/name", code=True)),
            line(ev.cite(f"{a}/kind")),
            line(ev.cite(a, "values")),
            line(ev.cite(f"{a}/nullable", "nullable")),
        )
        for a in at[:COLUMNS]
    )
    table = Table(("Column", "Kind", "Values seen", "Empty"), rows)
    return (table, Text(line("More columns are in the contract."))) if len(at) > COLUMNS else (table,)


def findings_list(ev: Evidence) -> tuple[Block, ...]:
    """Return what the audit found that is more than a note, and what was done."""
    at = [a for a, f in ev.each("audit/findings") if f["severity"] != Severity.INFO]
    lines = tuple(
        line(
            ev.cite(f"{a}/title"),
            " (",
            ev.cite(f"{a}/code"),
            "): ",
            ev.cite(f"{a}/message", "sentence"),
            " Done: ",
            ev.cite(f"{a}/done", "sentence") if ev.get(f"{a}/done") else "nothing.",
        )
        for a in at
    )
    return (Text(line("Found in the data:")), Items(lines)) if lines else ()


def _training_data(ev: Evidence) -> Section:
    read = line(
        ev.cite("source/location", code=True),
        ", ",
        ev.cite("source/n_rows", "count"),
        " rows and ",
        ev.cite("source/n_columns", "count"),
        " columns, of which ",
        ev.cite("problem/n_rows", "count"),
        " rows were used. Digest ",
        ev.cite("source/digest", code=True),
        ".",
    )
    collected = line("How and when it was collected, and by what right it is used: ", Gap())
    return Section(line("Training data"), (Text(read), Text(collected), *columns_table(ev), *findings_list(ev)))


def scores(ev: Evidence, name: str) -> Table:
    """Return the table of all metrics of an evaluation."""
    rows = tuple(
        (
            line(ev.cite(f"{a}/name", "metric")),
            line(ev.cite(a, "measured")),
            line(ev.cite(f"{a}/name", "explained")),
            line(ev.cite(f"{a}/method")),
        )
        for a, _ in ev.each(f"{name}/metrics")
    )
    return Table(("Metric", "Value", "What it is", "Interval by"), rows)


def comparisons(ev: Evidence) -> Table:
    """Return the table of simpler ways to predict."""
    rows = tuple(
        (
            line(ev.cite(f"{a}/name")),
            line(ev.cite(f"{a}/text")),
            line(ev.cite(f"{a}/score", "measured")),
            line(ev.cite(a, "compared")),
        )
        for a, _ in ev.each("evaluation/comparisons")
    )
    return Table(("Prediction by", "What it does", _metric(ev), "The model is"), rows)


def slices(ev: Evidence) -> Table:
    """Return the table of parts of the rows."""
    rows = tuple(
        (
            line(ev.cite(a, "part")),
            line(ev.cite(f"{a}/score/n", "count")),
            line(ev.cite(f"{a}/score", "measured")),
            line(ev.cite(a, "slice")),
        )
        for a, _ in ev.each("evaluation/slices")
    )
    return Table(("Part", "Rows", _metric(ev), "Against the rest"), rows)


def _metric(ev: Evidence) -> str:
    return words.title_of(ev.get("evaluation/headline/name"))


def groups(ev: Evidence) -> tuple[Block, ...]:
    """Return a table of the groups of each protected column, and of two columns together."""
    blocks: list[Block] = []
    if ev.get("evaluation/fairness/proposed"):
        told = "The columns were proposed by the audit, not named: the groups are shown and not judged."
        blocks.append(Text(line(told)))
    for at, table in ev.each("evaluation/fairness/tables"):
        if not table["rows"]:
            continue
        heads = ("Group", "Rows", *(RATES[m["name"]].title for m in table["rows"][0]["measures"]))
        rows = tuple(
            (
                line(ev.cite(f"{a}/group")),
                line(ev.cite(f"{a}/n", "count")),
                *(line(ev.cite(m, "measured")) for m, _ in ev.each(f"{a}/measures")),
            )
            for a, _ in ev.each(f"{at}/rows")
        )
        blocks += [Text(line("By ", ev.cite(f"{at}/columns", "names", code=True), ":")), Table(heads, rows)]
    for at, option in ev.each("evaluation/fairness/options"):
        if option["chosen"] and option.get("reads"):
            names = ev.cite(f"{at}/reads", "names", code=True)
            blocks.append(Text(line("It decides by the groups of ", names, ", as the brief allows: ", OWN_THRESHOLDS)))
    return tuple(blocks)


def _analyses(ev: Evidence) -> tuple[Section, ...]:
    blocks: list[Block] = [scores(ev, "evaluation")]
    if ev.get("evaluation/fit_verdict"):
        blocks.append(Text(line(ev.cite("evaluation/fit_verdict", "sentence"))))
    parts = [Section(line("Quantitative analyses"), tuple(blocks))]
    if ev.get("tested"):
        parts.append(Section(line("On the separate test file"), (scores(ev, "tested"),), 3))
    if ev.get("evaluation/comparisons"):
        parts.append(Section(line("Against simpler ways to predict"), (comparisons(ev),), 3))
    if ev.get("evaluation/slices"):
        parts.append(Section(line("Parts of the rows"), (slices(ev),), 3))
    if ev.get("evaluation/fairness"):
        parts.append(Section(line("Groups of people"), groups(ev), 3))
    for title, blocks_of in FURTHER:
        if found := blocks_of(ev):
            parts.append(Section(line(title), found, 3))
    if ev.get("explanation/importances"):
        rows = tuple(
            (line(ev.cite(f"{a}/column", code=True)), line(ev.cite(f"{a}/drop", "measured")))
            for a, _ in list(ev.each("explanation/importances"))[:IMPORTANCES]
        )
        heads = ("Column", "How much worse the score gets when it is shuffled")
        parts.append(Section(line("What drives it"), (Table(heads, rows),), 3))
    return tuple(parts)


def _ethics(ev: Evidence) -> Section:
    lines = [line("People affected by its predictions: ", Gap()), line("Harm a wrong prediction can do: ", Gap())]
    if ev.get("brief/protected"):
        features = set(ev.get("version/columns") or ev.get("problem/features"))
        used = [a for a, name in ev.each("brief/protected") if name in features]
        named = [p for a in used for p in (", ", ev.cite(a, code=True))][1:]
        lines.insert(0, line("Protected columns the model sees: ", *(named or ["none"])))
    return Section(line("Ethical considerations"), (Items(tuple(lines)),))


def _caveats(ev: Evidence) -> Section:
    lines = [
        line("It learned what goes together, not what causes what."),
        line("The numbers hold for rows like those it was measured on."),
    ]
    for at, f in ev.each("audit/findings"):
        if f["overruled"] or (f["action"] == Action.TOLD and f["severity"] != Severity.INFO):
            end = ") was overruled." if f["overruled"] else ") was left as it is."
            lines.append(line(ev.cite(f"{at}/title"), " (", ev.cite(f"{at}/code"), end))
    for at, gate in ev.each("verdict/gates"):
        if not gate["passed"]:
            told = "Not passed: " if gate["blocking"] else "Worth knowing: "
            lines.append(line(told, ev.cite(f"{at}/name"), ": ", ev.cite(f"{at}/why", "sentence")))
    lines.append(line("Recommendations: ", Gap()))
    return Section(line("Caveats and recommendations"), (Items(tuple(lines)),))
