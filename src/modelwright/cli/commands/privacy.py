"""``modelwright privacy``: what a project does with personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from modelwright.cli.options import output_options

if TYPE_CHECKING:
    from modelwright.project import Project

__all__ = ["command"]


@click.command(short_help="say what a project does with personal data")
@click.argument("project")
@output_options
def command(project: str, as_json: bool, quiet: bool) -> None:
    """Say what PROJECT does with personal data: the policy, each column, who is known, and who was forgotten."""
    from modelwright.cli.showing import print_json
    from modelwright.project import Project

    facts = gathered(Project(project))
    if as_json:
        print_json({"project": project, **facts})
    elif not quiet:
        click.echo("\n".join(_lines(facts)))


def gathered(project: Project) -> dict[str, Any]:
    """Return what the newest run with a policy did, and what is known of people, as ``--json`` prints it."""
    from modelwright import documents
    from modelwright.brief import read_brief
    from modelwright.govern.privacy.documents import Privacy
    from modelwright.govern.privacy.subjects import forgotten_in, known_subjects

    runs = [run for run in project.runs() if (project.run_folder(run) / "privacy.json").is_file()]
    found = documents.load(project.run_folder(runs[-1]) / "privacy.json", Privacy) if runs else None
    forgotten = forgotten_in(project.path)
    people: dict[str, int | None] = {}
    for version in project.versions():
        run = project.run_of(version)
        known = None if run is None else known_subjects(project.run_folder(run))
        people[str(version)] = None if known is None else len(known)
    return {
        "policy": found.policy if found else "",
        "run": runs[-1] if runs else None,
        "k": found.k if found else None,
        "columns": [
            {"column": c.column, "holds": c.datum, "action": c.action, "decided_by": c.decided_by, "why": c.why}
            for c in (found.columns if found else ())
        ],
        "kept": list(found.kept) if found else [],
        "kept_by_policy": [
            {"column": c.column, "holds": c.datum, "why": c.why} for c in (found.judged if found else ())
        ],
        "not_personal": list(found.others) if found else [],
        "subject": found.subject if found else None,
        "people": people,
        "forgotten": len(forgotten.digests) if forgotten else 0,
        "keep_log": read_brief(project.path / "brief.toml").keep_log,
    }


def _lines(facts: dict[str, Any]) -> list[str]:
    from modelwright.format import plural
    from modelwright.report.privacy import done_to

    if facts["run"] is None:
        return ["no policy: run with --privacy gdpr, ccpa or hipaa; personal columns are dropped as the audit says"]
    lines = [f"policy {facts['policy'] or 'none, single columns only'} (run {facts['run']})"]
    for c in facts["columns"]:
        holds = f" ({c['holds']})" if c["holds"] else ""
        lines.append(f"  {c['column']}{holds}: {done_to(c['action'])}; {c['decided_by']}: {c['why']}")
    lines += [f"  {name}: kept as it is, the brief says so" for name in facts["kept"]]
    lines += [f"  {c['column']} ({c['holds']}): kept as it is; policy: {c['why']}" for c in facts["kept_by_policy"]]
    if facts["not_personal"]:
        lines.append(f"nothing personal was found in: {', '.join(facts['not_personal'])}")
    if facts["k"] and facts["k"] > 1:
        lines.append(f"what is stored of levels, words and ranges is shared by {facts['k']} rows at least")
    if facts["subject"]:
        known = "; ".join(f"version {v}: {_people(n)}" for v, n in facts["people"].items())
        lines.append(
            f"people by '{facts['subject']}': {known}; {plural(facts['forgotten'], 'person', 'people')} forgotten"
        )
    lines.append(f"the prediction log is kept for {facts['keep_log'] or 'as long as the server is told'}")
    return lines


def _people(count: int | None) -> str:
    from modelwright.format import plural

    return "not known" if count is None else plural(count, "person", "people")
