"""The model card: Markdown with the front matter of Hugging Face, sections after Mitchell et al. 2019.

"Model Cards for Model Reporting", FAT* 2019, doi:10.1145/3287560.3287596. What a program cannot know is marked as to
be filled in by a person, never guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from modelwright import format as fmt
from modelwright.audit.findings import Action, Severity
from modelwright.evaluate.measurements import Evaluation, Fairness, Measurement, Slice
from modelwright.govern.fairness.wording import RATES
from modelwright.report import cases, describing, words
from modelwright.report.inputs import ReportInput

__all__ = ["GAP", "render_card"]

GAP = "[to be filled in by a person]"
# By objective: https://huggingface.co/docs/hub/model-cards; the names of the Hub's tabular tasks.
PIPELINE_TAGS = {"classify": "tabular-classification", "regress": "tabular-regression"}
IMPORTANCES = 10
COLUMNS = 60


def render_card(r: ReportInput) -> str:
    """Return the model card as Markdown."""
    sections = (
        _front_matter(r),
        f"# Predicting {_md(r.problem.target)}",
        f"**{words.ANSWERS.get(r.verdict.answer, (r.verdict.answer, ''))[0]}.** {_md(r.verdict.summary)}",
        _cases(r),
        _details(r),
        _intended_use(r),
        _factors(r),
        _metrics(r),
        _evaluation_data(r),
        _training_data(r),
        _analyses(r),
        _ethics(r),
        _caveats(r),
    )
    return "\n\n".join(s.strip() for s in sections if s.strip()) + "\n"


def _cases(r: ReportInput) -> str:
    """Return the score in cases, as a list; empty where nothing was counted."""
    return _list(f"{_md(tile.sentence)}." for tile in cases.tiles(r.evaluation, r.problem))


def _md(text: object) -> str:
    """Return text of unknown origin so that Markdown and HTML show it as it is, on one line."""
    plain = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|~#$]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", plain)


def _code(text: object) -> str:
    plain = " ".join(str(text).split())
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * (longest + 1)
    room = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{room}{plain}{room}{fence}"


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(map(_cell, cells)) + " |" for cells in rows)])


def _cell(text: str) -> str:
    """Return text whose pipes do not end the cell, within code too."""
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def _quoted(text: object) -> str:
    """Return a string that YAML reads back as it is: JSON strings are YAML strings."""
    return json.dumps(" ".join(str(text).split()), ensure_ascii=False)


def _front_matter(r: ReportInput) -> str:
    tag = PIPELINE_TAGS.get(r.problem.objective, "tabular-classification")
    known = [m for m in r.evaluation.metrics if m.value is not None]
    lines = [
        "---",
        "library_name: modelwright",
        f"pipeline_tag: {tag}",
        "tags:",
        "- modelwright",
        "- tabular",
        f"- {tag}",
    ]
    if known:
        lines += ["metrics:", *(f"- {m.name}" for m in known)]
    lines += ["model-index:", f"- name: {_quoted(f'{r.project}, version {r.version.number}')}"]
    if known:
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
            lines += [
                f"    - type: {m.name}",
                f"      name: {_quoted(words.title_of(m.name))}",
                f"      value: {m.value:.6g}",
            ]
    else:
        lines.append("  results: []")
    return "\n".join([*lines, "---"])


def _details(r: ReportInput) -> str:
    members = ", ".join(f"{_code(m.key)} {fmt.share(m.weight)}" for m in r.training.members)
    software = ", ".join(f"{k} {v}" for k, v in r.software.items())
    facts = [
        f"Made by: {GAP}",
        f"Version: {r.version.number}" + (f", {fmt.when(r.created_at)}" if r.created_at else ""),
        f"Kind: {PIPELINE_TAGS.get(r.problem.objective, r.problem.objective).replace('-', ' ')}",
        f"Model: {members or 'no member is recorded'}",
        f"Size: {fmt.size(r.version.size_bytes)}"
        + (
            ""
            if r.version.latency_ms is None
            else f"; one row is scored in {fmt.duration(r.version.latency_ms / 1000)}"
        ),
        f"Software: {software or 'not recorded'}",
        f"Digest: {_code(r.version.digest) if r.version.digest else 'not recorded'}",
        f"Licence: {GAP}",
        f"Contact: {GAP}",
    ]
    return "## Model details\n\n" + _list(facts)


def _intended_use(r: ReportInput) -> str:
    rows = "\n".join(f"    {line}" for _, command in describing.commands(r)[:1] for line in command.splitlines())
    return "\n".join(
        [
            "## Intended use",
            "",
            f"Goal: {_md(r.brief.goal) if r.brief.goal else GAP}",
            "",
            f"- Intended users: {GAP}",
            f"- Uses it is not meant for: {GAP}",
            f"- Columns it needs: {len(r.problem.features)}, see below",
            "",
            rows,
        ]
    )


def _factors(r: ReportInput) -> str:
    protected = fmt.joined((_code(c) for c in r.brief.protected), 20)
    lines = [
        f"Protected columns: {protected}" if protected else f"Protected columns: none were named. {GAP}",
        f"Groups of people, instruments or places that matter: {GAP}",
    ]
    looked = sorted({s.column for s in r.evaluation.slices})
    if looked:
        lines.insert(1, "Parts looked at on their own, by " + fmt.joined((_code(c) for c in looked), 20))
    return "## Factors\n\n" + _list(lines)


def _metrics(r: ReportInput) -> str:
    choice = next((c for c in r.problem.choices if c.question == "metric"), None)
    head = r.evaluation.headline
    lines = [
        f"The model was chosen by {words.title_of(r.problem.metric)}" + (f": {_md(choice.why)}." if choice else ".")
    ]
    if r.evaluation.threshold is not None:
        lines.append(f"Decision threshold: {fmt.number(r.evaluation.threshold)}. {_md(r.evaluation.threshold_why)}")
    lines.append(f"Intervals are at {head.level:.0%}; the headline's was made by {_md(head.method)}.")
    return "## Metrics\n\n" + "\n\n".join(lines)


def _evaluation_data(r: ReportInput) -> str:
    lines = [f"Measured on {_md(r.evaluation.measured_on)}. {_md(describing.split_words(r.problem))}"]
    if optimism := describing.optimism_words(r.problem):
        lines.append(_md(optimism))
    if r.test_note:
        lines.append(_md(r.test_note))
    lines.append(f"Why these rows stand for those the model will meet: {GAP}")
    return "## Evaluation data\n\n" + "\n\n".join(lines)


def _training_data(r: ReportInput) -> str:
    s = r.source
    lines = [
        f"{_code(s.location)}, {fmt.count(s.n_rows)} rows and {fmt.count(s.n_columns)} columns, of which "
        f"{fmt.count(r.problem.n_rows)} rows were used. Digest {_code(s.digest)}.",
        f"How and when it was collected, and by what right it is used: {GAP}",
    ]
    rows = [(_code(n), k, _md(v), e) for n, k, v, e in describing.needs(r)]
    lines.append(_table(("Column", "Kind", "Values seen", "Empty"), rows[:COLUMNS]))
    if len(rows) > COLUMNS:
        lines.append(f"{len(rows) - COLUMNS} more columns are in the contract.")
    found = [f for f in r.audit.findings if f.severity is not Severity.INFO]
    if found:
        lines.append("Found in the data:")
        lines.append(
            _list(f"**{_md(f.title)}** ({f.code}): {_md(f.message)} Done: {_md(f.done or 'nothing')}" for f in found)
        )
    return "## Training data\n\n" + "\n\n".join(lines)


def _analyses(r: ReportInput) -> str:
    e = r.evaluation
    parts = ["## Quantitative analyses", _scores(e)]
    if e.fit_verdict:
        parts.append(_md(e.fit_verdict))
    if r.test_evaluation:
        parts += ["### On the separate test file", _scores(r.test_evaluation)]
    if e.comparisons:
        parts += [
            "### Against simpler ways to predict",
            _table(
                ("Prediction by", "What it does", words.title_of(e.headline.name), "The model is"),
                ((_md(c.name), _md(c.text), fmt.measured(c.score), words.comparison_words(c)) for c in e.comparisons),
            ),
        ]
    if e.slices:
        rows = ((_part(s), fmt.count(s.score.n), fmt.measured(s.score), _worse(s.worse)) for s in e.slices)
        parts += [
            "### Parts of the rows",
            _table(("Part", "Rows", words.title_of(e.slices[0].score.name), "Against the rest"), rows),
        ]
    if e.fairness is not None:
        parts += ["### Groups of people", *_groups(e.fairness)]
    if r.explanation.importances:
        ranked = ((_code(i.column), fmt.measured(i.drop)) for i in r.explanation.importances[:IMPORTANCES])
        parts += ["### What drives it", _table(("Column", "How much worse the score gets when it is shuffled"), ranked)]
    return "\n\n".join(parts)


def _groups(fairness: Fairness) -> list[str]:
    """Return a table of the groups of each column, and of two columns together."""
    parts = []
    if fairness.proposed:
        parts.append("The columns were proposed by the audit, not named: the groups are shown and not judged.")
    for table in fairness.tables:
        heads = ("Group", "Rows", *(RATES[m.name].title for m in table.rows[0].measures))
        rows = ((_md(g.group), fmt.count(g.n), *map(fmt.measured, g.measures)) for g in table.rows)
        parts += [f"By {' and '.join(_code(c) for c in table.columns)}:", _table(heads, rows)]
    return parts


def _part(s: Slice) -> str:
    others = f" (nearly the same rows: {_md(fmt.joined(s.same_rows, 3))})" if s.same_rows else ""
    return f"{_code(s.column)} = {_md(s.value)}{others}"


def _worse(worse: bool) -> str:
    return "clearly worse" if worse else "within the noise"


def _scores(e: Evaluation) -> str:
    def cells(m: Measurement) -> tuple[str, ...]:
        return words.title_of(m.name), fmt.measured(m), words.explained(m.name), _md(m.method)

    return _table(("Metric", "Value", "What it is", "Interval by"), (cells(m) for m in e.metrics))


def _ethics(r: ReportInput) -> str:
    lines = [f"People affected by its predictions: {GAP}", f"Harm a wrong prediction can do: {GAP}"]
    if r.brief.protected:
        used = [c for c in r.brief.protected if c in r.problem.features]
        lines.insert(
            0,
            "Protected columns the model sees: " + (fmt.joined((_code(c) for c in used), 20) if used else "none"),
        )
    return "## Ethical considerations\n\n" + _list(lines)


def _caveats(r: ReportInput) -> str:
    told = [f for f in r.audit.findings if f.overruled or (f.action is Action.TOLD and f.severity is not Severity.INFO)]
    failed = [g for g in r.verdict.gates if not g.passed]
    lines = [
        "It learned what goes together, not what causes what.",
        "The numbers hold for rows like those it was measured on.",
        *(f"{_md(f.title)} ({f.code}) " + ("was overruled." if f.overruled else "was left as it is.") for f in told),
        *(f"{'Not passed' if g.blocking else 'Worth knowing'}: {_md(g.name)}: {_md(g.why)}" for g in failed),
        f"Recommendations: {GAP}",
    ]
    return "## Caveats and recommendations\n\n" + _list(lines)
