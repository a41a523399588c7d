"""Everything that a report on a version is made of, read back from its project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from modelwright import documents
from modelwright.evaluate.measurements import Evaluation
from modelwright.govern.fixing import check_fixed
from modelwright.govern.privacy.documents import Privacy
from modelwright.govern.waivers import standing, waivers_of
from modelwright.ledger import Decision, Entry, decided
from modelwright.package.bundle import Version
from modelwright.package.packaging import Packaged
from modelwright.package.sureness import sureness_of
from modelwright.project import Project
from modelwright.report.inputs import FILES, LATER, RECORDED, ReportInput, VersionFacts
from modelwright.report.words import score_words

__all__ = ["TESTED", "entries_of", "gather"]

TESTED = "tested"
"""The document of the evaluation on a separate test file, where there was one with the target."""


def gather(project: Project, number: int | None = None) -> ReportInput:
    """Return what a report on a version is made of; by default on the newest run's.

    Raises
    ------
    ProjectError
        The project has no such version, no run made it (MW-P080), documents of its run are missing or damaged, or its
        brief is not the one that it began with.
    """
    if number is None:
        number = project.result["version"]
    version = project.version(number)
    run = project.made_by(number)
    folder = project.run_folder(run)
    found: dict[str, Any] = {
        name: documents.load(folder / f"{name}.json", kind)
        for name, kind in RECORDED.items()
        if name not in LATER or (folder / f"{name}.json").is_file()
    }
    if (folder / "privacy.json").is_file():
        found["privacy"] = documents.load(folder / "privacy.json", Privacy)
    packaged = documents.load(folder / "packaged.json", Packaged)
    manifest, state = version.manifest, project.state(run)
    entries = entries_of(project, run, number)
    check_fixed(entries, run, found["brief"])
    tested = folder / f"{TESTED}.json"
    return ReportInput(
        **found,
        decisions=tuple(_decision(e) for e in decided(entries)),
        version=VersionFacts(
            number=number,
            path=str(version.folder),
            size_bytes=version.size_bytes,
            latency_ms=packaged.latency_ms,
            digest=version.digest,
            files=FILES,
            columns=version.plan.contract.names,
        ),
        project=str(project.path),
        run=run,
        wall_s=float(state.result.get("seconds", found["training"].seconds)),
        peak_memory_bytes=int(state.result.get("peak_memory_bytes", found["training"].peak_memory_bytes)),
        created_at=manifest.created,
        software=packaged.software
        or {"modelwright": manifest.made_by, "python": manifest.python, **manifest.libraries},
        digests={name: _digest(folder / f"{name}.json") for name in found},
        test_note=state.result.get("test_note", ""),
        recalibrated=_recalibrated(project, version),
        test_evaluation=documents.load(tested, Evaluation) if tested.is_file() else None,
        entries=entries,
        sure=sureness_of(version),
        standing=standing(found["verdict"], waivers_of(entries, number)),
    )


def entries_of(project: Project, run: str, number: int) -> tuple[Entry, ...]:
    """Return what the ledger has of a run, and of its version since."""
    return tuple(e for e in project.ledger.entries() if e.run == run or (not e.run and _about(e, number)))


def _recalibrated(project: Project, version: Version) -> str:
    """Return what is to be said of a version whose calibrator alone was fitted again: what was measured was not it."""
    number, score = version.manifest.version, version.manifest.score
    models = project.models_of(number)
    if models == number:
        return ""
    since = "" if score is None else f" On labels since then it comes to {score_words(score)}."
    return (
        f"Version {number} has the models of version {models}, and its probabilities were fitted again on later "
        f"labels: what is told here was measured on version {models}.{since}"
    )


def _digest(path: Path) -> str:
    """Return the digest under which a document was recorded; `documents.load` has checked it."""
    return str(msgspec.json.decode(path.read_bytes())["digest"])


def _about(entry: Entry, number: int) -> bool:
    return number in (entry.body.get("from"), entry.body.get("to"), entry.body.get("version"))


def _decision(entry: Entry) -> Decision:
    return msgspec.convert(entry.body, Decision)
