"""What the report is made of: every document of a run, and the facts about the version that came out."""

from __future__ import annotations

from dataclasses import dataclass, field

from modelwright.audit.findings import Audit
from modelwright.brief import Brief
from modelwright.data.contract import Contract
from modelwright.data.profile import Profile
from modelwright.data.source import Source
from modelwright.evaluate.measurements import Evaluation, Stressed
from modelwright.explain.reasons import Explanation
from modelwright.frame.problem import Problem
from modelwright.govern.privacy.documents import Privacy
from modelwright.govern.verdict import Verdict
from modelwright.govern.waivers import Standing
from modelwright.ledger import Decision, Entry
from modelwright.package.sureness import Sureness
from modelwright.train.record import Training

__all__ = ["FILES", "LATER", "RECORDED", "AuditInput", "ReportInput", "VersionFacts"]

RECORDED: dict[str, type] = {
    "brief": Brief,
    "source": Source,
    "contract": Contract,
    "profile": Profile,
    "audit": Audit,
    "problem": Problem,
    "training": Training,
    "evaluation": Evaluation,
    "explanation": Explanation,
    "stress": Stressed,
    "verdict": Verdict,
}
"""Documents of a run that the report and all papers rest on, as the stages write them."""

LATER = frozenset({"stress"})
"""Of these, those that runs of earlier releases do not have."""

FILES = (
    ("report.html", "this report"),
    ("model-card.md", "the model card"),
    ("documents", "datasheet, technical file, decision log, description of the data"),
    ("brief.toml", "what was asked; change it and run again"),
    ("ledger.jsonl", "every decision and event, chained"),
    ("champion.json", "the version that serves"),
)
"""Files of a project worth knowing, and what each is."""


@dataclass(frozen=True, kw_only=True)
class VersionFacts:
    """The version the report is about.

    Attributes
    ----------
    number : int
    path : str
        Its folder.
    size_bytes : int
    latency_ms : float or None
        Median milliseconds for scoring one row; None where it was not measured.
    digest : str
        Digest of its manifest.
    files : tuple of (str, str)
        Files worth knowing and what each is, relative to the project's folder.
    columns : tuple of str
        That it reads: of a wide table a part of those that it was offered. Empty where that is not known.
    """

    number: int
    path: str
    size_bytes: int
    latency_ms: float | None = None
    digest: str = ""
    files: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReportInput:
    """All that the report, the model card and the summary say; they compute nothing of their own.

    Attributes
    ----------
    brief, source, contract, profile, audit, problem, training, evaluation, explanation, verdict
        The documents of the run. The contract and the profile include the target.
    decisions : tuple of Decision
        From the ledger, in order.
    version : VersionFacts
    project : str
        Folder of the project, as a user would type it.
    run : str
        Name of the run.
    wall_s : float
        Seconds from start to the end of packaging.
    peak_memory_bytes : int
        Most memory of all processes together.
    created_at : str
        ISO 8601, UTC.
    software : dict
        Versions by name: ``{"modelwright": "0.1.0", "python": "3.11.7", …}``.
    digests : dict
        Digests by the name of the document or file, for the lineage.
    test_evaluation : Evaluation or None
        On a separate test file that has the target.
    recalibrated : str
        Of a version whose calibrator alone was fitted again: that the figures are those of its models; else empty.
    test_note : str
        What was done with the test file, when there is one.
    entries : tuple of Entry
        What the ledger has of the run and of its version, with the numbers of the entries.
    standing : Standing or None
        The verdict with what people waived since; None: nothing was.
    sure : Sureness or None
        How sure the version is of a single case.
    stress : Stressed or None
        How the model bears disturbed rows; None in runs of earlier releases.
    privacy : Privacy or None
        What was done to personal columns; None where nobody asked.
    """

    brief: Brief
    source: Source
    contract: Contract
    profile: Profile
    audit: Audit
    problem: Problem
    training: Training
    evaluation: Evaluation
    explanation: Explanation
    verdict: Verdict
    decisions: tuple[Decision, ...]
    version: VersionFacts
    project: str
    wall_s: float
    peak_memory_bytes: int
    run: str = ""
    created_at: str = ""
    software: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    test_evaluation: Evaluation | None = None
    test_note: str = ""
    recalibrated: str = ""
    entries: tuple[Entry, ...] = ()
    standing: Standing | None = None
    sure: Sureness | None = None
    stress: Stressed | None = None
    privacy: Privacy | None = None


@dataclass(frozen=True, kw_only=True)
class AuditInput:
    """What the report of an audit alone is made of. ``wall_s`` is the seconds from start to end of the audit."""

    brief: Brief
    source: Source
    contract: Contract
    profile: Profile
    audit: Audit
    wall_s: float
    created_at: str = ""
    software: dict[str, str] = field(default_factory=dict)
