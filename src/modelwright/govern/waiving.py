"""Waiving a gate of a version, and what a version that is to serve has to have: gates that are passed or waived."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from modelwright import documents
from modelwright.brief import Brief, read_brief
from modelwright.errors import ProjectError, UsageError, did_you_mean
from modelwright.govern.fixing import asked_in, changes, check_fixed
from modelwright.govern.gates.baselines import BeatsConstant, BeatsSimpleModels
from modelwright.govern.verdict import Gate, Verdict
from modelwright.govern.waivers import (
    WAIVED,
    WITHDRAWN,
    Standing,
    Waiver,
    last_day,
    standing,
    waivers_of,
)

if TYPE_CHECKING:
    from modelwright.project.versions import Versions

__all__ = [
    "CHALLENGE",
    "COMPARED",
    "asked_otherwise",
    "check_may_serve",
    "standing_of",
    "verdict_of",
    "waive",
    "withdraw",
]

COMPARED = frozenset({BeatsConstant.name, BeatsSimpleModels.name})
"""Gates that compare with something simpler: a champion that is worse on the same rows passes them even less, and
keeping it would help nobody. A challenge that was won settles them; the verdict of the run still tells them."""

CHALLENGE = "challenge.json"
"""In the folder of a run: how its version was held against the champion of then; a gate that asks reads it."""

FEWEST_WORDS = 3
"""Of a reason: with fewer, nobody can tell later what was meant."""


def verdict_of(project: Versions, version: int) -> Verdict | None:
    """Return the verdict on a version, None where none is recorded; its thresholds are checked to be the ledger's.

    Raises
    ------
    ProjectError
        A document is damaged, or the run's brief is not the one that it began with (MW-P750).
    """
    run = project.run_of(version)
    if run is None or not (project.run_folder(run) / "verdict.json").is_file():
        return None
    folder = project.run_folder(run)
    check_fixed(project.ledger.entries(), run, documents.load(folder / "brief.json", Brief))
    return documents.load(folder / "verdict.json", Verdict)


def standing_of(project: Versions, version: int) -> Standing | None:
    """Return how a version stands today: its verdict and its waivers; None where no verdict is recorded."""
    verdict = verdict_of(project, version)
    return None if verdict is None else standing(verdict, waivers_of(project.ledger.entries(), version))


def waive(
    project: Versions, gate: str, *, reason: str, by: str, version: int | None = None, expires: str | None = None
) -> Waiver:
    """Accept a gate that a version did not pass; the waiver goes to the audit chain.

    Parameters
    ----------
    project : Project
    gate : str
        Its name, as the verdict has it.
    reason, by : str
        Why, and who answers for it.
    version : int or None
        None: that of the newest finished run.
    expires : str or None
        The last day on which it holds, ``"2027-06-30"``.

    Raises
    ------
    UsageError
        No such gate (MW-U753), one that was passed (MW-U754), no reason (MW-U755), no name (MW-U756), or no day to
        come (MW-U757).
    ProjectError
        There is no verdict on the version (MW-P751), or the project cannot be written.
    """
    with project.lock():
        number, found = _failed_gate(project, gate, version)
        body = {
            "version": number,
            "gate": found.name,
            "reason": _reason(reason),
            "by": _name(by),
            "because": found.why,
            "failing": found.failing,
            "expires": _day(expires),
        }
        project.ledger.append(WAIVED, "", body)
        return next(w for w in waivers_of(project.ledger.entries(), number) if w.gate == found.name)


def withdraw(project: Versions, gate: str, *, reason: str, by: str, version: int | None = None) -> None:
    """Take a waiver back.

    Raises
    ------
    UsageError
        As of `waive`; also where there is no waiver of the gate (MW-U758).
    """
    with project.lock():
        number, found = _failed_gate(project, gate, version)
        given = [w.gate for w in waivers_of(project.ledger.entries(), number)]
        if found.name not in given:
            raise UsageError(
                f"version {number} has no waiver of '{found.name}'",
                fix=f"name one of: {', '.join(given)}" if given else "there is nothing to withdraw",
                code="MW-U758",
            )
        body = {"version": number, "gate": found.name, "reason": _reason(reason), "by": _name(by)}
        project.ledger.append(WITHDRAWN, "", body)


def _failed_gate(project: Versions, gate: str, version: int | None) -> tuple[int, Gate]:
    number = int(project.result["version"]) if version is None else version
    project.version_folder(number)
    verdict = verdict_of(project, number)
    if verdict is None:
        raise ProjectError(
            f"no verdict on version {number} of '{project.path}' is recorded",
            fix="waivers are of versions that a run of this project made",
            code="MW-P751",
        )
    found = next((g for g in verdict.gates if g.name.casefold() == gate.strip().casefold()), None)
    failed = [g.name for g in verdict.gates if not g.passed]
    if found is None:
        raise UsageError(
            f"there is no gate '{gate}'",
            fix=did_you_mean(gate, failed or [g.name for g in verdict.gates]),
            code="MW-U753",
        )
    if found.passed:
        raise UsageError(
            f"version {number} passed the gate '{found.name}': {found.why}",
            fix=f"those that it did not pass are: {', '.join(failed)}" if failed else "there is nothing to waive",
            code="MW-U754",
        )
    return number, found


def _reason(text: str) -> str:
    said = " ".join(text.split())
    if len(said.split()) < FEWEST_WORDS:
        raise UsageError(
            f"the reason {said!r} says too little",
            fix="say why this is accepted, in a sentence that is understood in a year",
            code="MW-U755",
        )
    return said


def _name(text: str) -> str:
    said = " ".join(text.split())
    if not said:
        raise UsageError("nobody is named", fix="say with --by who answers for it", code="MW-U756")
    return said


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return last_day(text)
    except ValueError as error:
        raise UsageError(
            f"'{text}' is no day to come", fix="give the last day on which it holds, as 2027-06-30", code="MW-U757"
        ) from error


def asked_otherwise(project: Versions, version: int) -> tuple[str, ...]:
    """Return which thresholds in the project's ``brief.toml`` are not those that the verdict on a version went by.

    The verdict stands: a threshold that is changed after training holds for what is trained from then on.
    """
    run, path = project.run_of(version), project.path / "brief.toml"
    if run is None or not path.is_file():
        return ()
    began = documents.load(project.run_folder(run) / "brief.json", Brief)
    found = changes(asked_in(began), asked_in(read_brief(path)))
    return tuple(f"brief.toml was changed since version {version} was judged, which stands: {c}" for c in found)


def check_may_serve(project: Versions, version: int, *, settled: Collection[str] = ()) -> tuple[Waiver, ...]:
    """Return the waivers that a version needs to serve, after checking that no other gate blocks it.

    ``settled`` are gates that other evidence answers. A version that won against the champion of today needs none that
    compares with something simpler.

    A version without a verdict, which came from elsewhere, is not checked, nor is one with the models that serve today.

    Raises
    ------
    ProjectError
        A gate blocks it (MW-P752).
    """
    verdict, champion = verdict_of(project, version), project.champion
    if verdict is None or (champion is not None and project.models_of(version) == project.models_of(champion.version)):
        return ()
    given = waivers_of(project.ledger.entries(), version)
    holding = {w.gate: w for w in given if w.holds}
    answered = {*settled, *(COMPARED if _won(project, version) else ())}
    failed = [g for g in verdict.gates if g.blocking and not g.passed and g.name not in answered]
    blocking = [g for g in failed if g.name not in holding]
    if not blocking:
        return tuple(holding[g.name] for g in failed)
    lapsed = next((w for w in given if not w.holds and w.gate == blocking[0].name), None)
    told = f"; its waiver ended on {lapsed.expires}" if lapsed is not None else ""
    raise ProjectError(
        f"version {version} did not pass the gate '{blocking[0].name}': {blocking[0].why}{told}",
        fix=f"train a better one, or accept it: modelwright waive {project.path} '{blocking[0].name}' --reason --by",
        code="MW-P752",
    )


def _won(project: Versions, version: int) -> bool:
    """Return whether a version was held against the champion of today, and won."""
    run, champion = project.run_of(version), project.champion
    path = None if run is None else project.run_folder(run) / CHALLENGE
    if path is None or champion is None or not path.is_file():
        return False
    found = documents.load(path, dict)
    return bool(found["wins"]) and found["champion"] == champion.version
