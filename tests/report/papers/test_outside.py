"""What others' software says of the papers: run where it is installed. None of it is needed to write them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from modelwright.report.papers.card import render_card
from modelwright.report.papers.croissant import render_croissant
from modelwright.report.papers.evidence import evidence_of
from modelwright.report.papers.pdf import NAMES, print_pdf
from modelwright.report.papers.writing import write_papers
from tests.report import samples


@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_hugging_face_reads_the_card(name: str) -> None:
    hub = pytest.importorskip("huggingface_hub")
    r = samples.ALL[name]()
    card = hub.ModelCard(render_card(r))
    known = [m for m in r.evaluation.metrics if m.value is not None]
    assert card.data.library_name == "modelwright" and card.data.pipeline_tag.startswith("tabular-")
    results = {e.metric_type: e.metric_value for e in card.data.eval_results or []}
    assert results == pytest.approx({m.name: m.value for m in known}, rel=1e-5)


@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_mlcroissant_finds_no_error(name: str, tmp_path: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    r = samples.ALL[name]()
    if r.source.format == "csv":
        r = replace(r, source=replace(r.source, options={"delimiter": ","}))
    path = tmp_path / "croissant.json"
    path.write_text(render_croissant(evidence_of(r)))
    made = mlcroissant.Dataset(jsonld=path)
    assert [f.name for f in made.metadata.record_sets[0].fields] == list(r.contract.names)


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, NAMES)), reason="there is no Chromium")
def test_a_browser_prints_papers_and_reports(tmp_path: Path) -> None:
    written = write_papers(samples.bank(), tmp_path, kinds=["card", "report"], formats=["pdf"], reader="manager")
    assert sorted(p.name for p in written) == ["model-card.pdf", "report.pdf"]
    assert all(p.read_bytes().startswith(b"%PDF-") for p in written)
    print_pdf("<p>one</p>", tmp_path / "model-card.pdf")
    assert (tmp_path / "model-card.pdf").stat().st_size < 30_000, "it is written anew"
