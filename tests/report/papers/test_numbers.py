"""Every number of a paper is made again from the document that it cites, and no other number is in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from modelwright.project import Project
from modelwright.report.gathering import gather
from modelwright.report.papers.base import Cited, Paper
from modelwright.report.papers.evidence import Evidence, evidence_of
from modelwright.report.papers.forms import FORMS
from modelwright.report.papers.writing import PAPERS, paper_of
from modelwright.steps.delivering import software
from tests.cli.conftest import trained  # noqa: F401 - a fixture
from tests.report import samples

DIGIT = re.compile(r"\d")
PLAIN = {"count": 0.0, "number": 0.006, "share": 0.006}
"""Forms that write one number, and how far rounding may take it from what is recorded, as a part of it."""


def step_into(value: object, steps: list[str]) -> object:
    """Return what lies at a place, found without the code that papers find it with."""
    for step in steps:
        value = value[int(step)] if isinstance(value, list) else value[step]  # type: ignore[index]
    return value


def all_cited(paper: Paper) -> list[Cited]:
    found = [p for p in paper.pieces() if isinstance(p, Cited)]
    assert found
    return found


def only_cited_numbers(paper: Paper) -> None:
    """Our own words hold no figure: whatever has digits is cited, or is the wording of a law or a questionnaire."""
    own = [p for p in paper.pieces() if isinstance(p, str) and DIGIT.search(p)]
    assert own == []


@pytest.mark.parametrize("name", sorted(samples.ALL))
@pytest.mark.parametrize("kind", sorted(PAPERS))
def test_every_text_is_made_of_what_it_cites(kind: str, name: str) -> None:
    r = samples.ALL[name]()
    evidence = evidence_of(r)
    paper = paper_of(kind, evidence, r)
    only_cited_numbers(paper)
    for piece in all_cited(paper):
        assert piece.text == FORMS[piece.form](evidence.get(piece.at)), piece.at


def test_what_made_a_version_is_told_alike_whenever_papers_are_written(trained: Path) -> None:  # noqa: F811
    told = gather(Project(trained / "made")).software
    assert told == software() and "scikit-learn" in told
    page = (trained / "made" / "report.html").read_text()
    assert f"scikit-learn {told['scikit-learn']}" in page


@pytest.mark.parametrize("kind", sorted(PAPERS))
def test_every_number_is_that_of_the_file_it_cites(kind: str, trained: Path) -> None:  # noqa: F811
    """From the folder of the project: files are read as JSON here, by no code of papers."""
    project = Project(trained / "made")
    r = gather(project)
    evidence = evidence_of(r)
    folder = project.run_folder(r.run)
    paper = paper_of(kind, evidence, r)
    only_cited_numbers(paper)
    entries = [json.loads(line) for line in project.ledger.path.read_text().splitlines()]
    checked = 0
    for piece in all_cited(paper):
        name, *steps = piece.at.split("/")
        if name in ("version", "standing", "sure", "*"):
            continue
        if name == "ledger":
            recorded: object = step_into(entries[int(steps[0]) - 1], steps[1:])
        else:
            document = json.loads((folder / f"{name}.json").read_text())
            assert evidence.digests[name] == document["digest"]
            recorded = step_into(document["body"], steps)
        assert piece.text == FORMS[piece.form](recorded), piece.at
        if piece.form in PLAIN and isinstance(recorded, int | float):
            told = float(piece.text.replace(",", "").replace("−", "-").rstrip("%")) / (100 if "%" in piece.text else 1)
            assert told == pytest.approx(recorded, rel=PLAIN[piece.form], abs=5e-4), piece.at
        checked += 1
    assert checked > 5


def test_a_number_that_was_changed_is_another_text() -> None:
    r = samples.bank()
    evidence = evidence_of(r)
    piece = evidence.cite("evaluation/headline", "measured")
    documents = json.loads(json.dumps(dict(evidence.documents)))
    documents["evaluation"]["headline"]["value"] += 0.01
    changed = Evidence(documents=documents, digests={})
    assert isinstance(piece, Cited)
    assert FORMS[piece.form](changed.get(piece.at)) != piece.text
