"""Papers: what they hold, that data stays text in them, and the description of the data."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from modelwright.errors import ProjectError, UsageError
from modelwright.evaluate.measurements import Measurement
from modelwright.govern.privacy.documents import ColumnPrivacy, Privacy
from modelwright.ledger import Entry
from modelwright.report.papers import KINDS, write_papers
from modelwright.report.papers.asking import texts
from modelwright.report.papers.base import GAP, Cited, Items
from modelwright.report.papers.croissant import CONTEXT, croissant
from modelwright.report.papers.decisions import EVENTS
from modelwright.report.papers.evidence import evidence_of
from modelwright.report.papers.further import single_cases
from modelwright.report.papers.markdown import render_markdown
from modelwright.report.papers.page import render_page
from modelwright.report.papers.pdf import BROWSER
from modelwright.report.papers.writing import PAPERS, left_in, paper_of, write_all
from modelwright.retrain.documents import PROPOSED, RETRAINED
from modelwright.retrain.freshening import RECALIBRATION
from modelwright.retrain.tables import ADDED
from tests.report import samples
from tests.report.test_sure import sureness


def entry(number: int, kind: str, body: dict, run: str = "0001") -> Entry:
    return Entry(number=number, previous="sha256:", run=run, kind=kind, at=samples.AT, body=body)


def markdown(kind: str, name: str = "bank") -> str:
    r = samples.ALL[name]()
    evidence = evidence_of(r)
    return render_markdown(paper_of(kind, evidence, r), evidence)


@pytest.mark.parametrize("kind", sorted(PAPERS))
@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_gaps_are_counted_at_the_top(kind: str, name: str) -> None:
    r = samples.ALL[name]()
    evidence = evidence_of(r)
    paper = paper_of(kind, evidence, r)
    told = render_markdown(paper, evidence)
    places = told.count(GAP) + len(re.findall(re.escape(GAP[:-1]) + ": ", told))
    assert places == (paper.gaps + 1 if paper.gaps else 0)  # one is the word at the top
    head = told.split("## ")[0]
    assert (f"*{paper.gaps} places are left" in head) if paper.gaps > 1 else True
    page = render_page(paper, evidence, r)
    assert page.count('class="gap"') == (paper.gaps + 1 if paper.gaps else 0)


def test_the_technical_file_has_the_nine_sections_and_the_dates() -> None:
    told = markdown("annex-iv")
    assert [int(n) for n in re.findall(r"^## (\d)\. ", told, re.M)] == list(range(1, 10))
    assert "Regulation (EU) 2024/1689" in told and "2 August 2026" in told and "Official Journal" in told
    assert "0.800 (0.788 to 0.812)" in told.split("## 3.")[1].split("## 4.")[0], (
        "the expected accuracy, with its interval"
    )


def test_the_datasheet_asks_all_questions_and_answers_what_is_recorded() -> None:
    told = markdown("datasheet")
    asked = [q["ask"] for section in texts("datasheet")["sections"] for q in section["questions"]]
    assert len(asked) == len(re.findall(r"^### ", told, re.M)) > 50
    assert "Rows in the source: 45,211" in told and "| `poutcome` | 36,959 |" in told
    consent = told.split("Did the individuals consent")[1].split("###")[0]
    assert GAP in consent


def test_the_decision_log_tells_the_ledger_in_words() -> None:
    r = samples.bank()
    decision = {"stage": "frame", "question": "metric", "choice": "roc_auc", "decided_by": "A012", "why": "few events"}
    entries = (
        entry(1, "run started", {"brief": {}}),
        entry(2, "decision", {**decision, "alternatives": ["log_loss"], "measurement": None}),
        entry(9, "waived", {"version": 1, "reason": "a pilot", "by": "Ada"}, run=""),
        entry(10, "something new", {}, run=""),
        entry(11, "retrained", {"version": 1, "challenge": {"why": "better by 0.2 beyond the noise"}}),
    )
    evidence = evidence_of(replace(r, entries=entries))
    told = render_markdown(paper_of("decisions", evidence, r), evidence)
    assert "| 2 | metric | roc\\_auc, instead of log\\_loss | A012 | few events. |" in told.replace(
        "roc_auc", "roc\\_auc"
    ).replace("log_loss", "log\\_loss")
    assert "A gate was waived: a pilot." in told and "| Ada |" in told and "something new." in told
    assert "held against the champion. better by 0.2 beyond the noise." in told


def test_whatever_retraining_writes_about_a_version_has_words_in_the_decision_log() -> None:
    assert {RETRAINED, PROPOSED, ADDED, RECALIBRATION} <= EVENTS.keys()


@pytest.mark.parametrize("kind", sorted(PAPERS))
def test_hostile_names_stay_text(kind: str) -> None:
    r = samples.hostile()
    evidence = evidence_of(r)
    paper = paper_of(kind, evidence, r)
    body = render_markdown(paper, evidence)
    outside_code = re.sub(r"(`+).*?\1|^    .*$", "", body, flags=re.M).split("---\n")[-1]
    assert "<script>" not in outside_code and "<img" not in outside_code
    page = render_page(paper, evidence, r)
    assert page.count("<script>") == 1 and "<img" not in page


def test_croissant_describes_the_file_and_every_column() -> None:
    r = samples.bank()
    made = json.loads(json.dumps(croissant(evidence_of(r)), allow_nan=False))
    assert made["@context"] == CONTEXT and made["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    fields = made["recordSet"][0]["field"]
    assert [f["name"] for f in fields] == list(r.contract.names)
    assert len({f["@id"] for f in fields}) == len(fields)
    assert "288 of 45,211 missing" in next(f for f in fields if f["name"] == "job")["description"]
    assert made["distribution"] == [], "a semicolon is no comma: readers of Croissant would misread it"
    comma = replace(r, source=replace(r.source, options={"delimiter": ","}))
    file = croissant(evidence_of(comma))["distribution"][0]
    assert file["sha256"] == "a3" * 32 and file["encodingFormat"] == "text/csv" and file["contentUrl"] == "bank.csv"


def test_croissant_names_what_a_policy_treated_as_personal() -> None:
    def done(column: str, datum: str, by: str = "policy") -> ColumnPrivacy:
        return ColumnPrivacy(column=column, datum=datum, action="drop", why="", decided_by=by)

    privacy = Privacy(
        policy="gdpr",
        title="",
        basis="",
        k=10,
        columns=(done("email", "contact"), done("age", "", "user"), done("job", "")),
        kept=("city", "email"),
    )
    r = samples.bank()
    found = [c for f in r.audit.findings if f.code == "A045" for c in f.columns]
    told = croissant(evidence_of(replace(r, privacy=privacy)))["rai:personalSensitiveInformation"]
    assert told == list(dict.fromkeys([*found, "email", "age", "city"])), "rare jobs were pooled: that is nobody's data"
    assert croissant(evidence_of(r)).get("rai:personalSensitiveInformation", []) == found


def test_the_datasheet_says_what_of_the_source_is_personal_though_nothing_of_it_was_read() -> None:
    mail = ColumnPrivacy(column="mail", datum="email", action="drop", why="it reads so", decided_by="policy")
    since = ColumnPrivacy(column="since", datum="date", action="keep", why="its values are dates", decided_by="policy")
    rare = ColumnPrivacy(column="job", datum="", action="pool", why="few rows share it", decided_by="policy")
    privacy = Privacy(policy="gdpr", title="", basis="", k=5, columns=(mail, rare), judged=(since,), kept=("town",))
    r = replace(samples.bank(), privacy=privacy)
    evidence = evidence_of(r)
    told = render_markdown(paper_of("datasheet", evidence, r), evidence)
    asked = told.split("### Is it possible to identify individuals")[1].split("### ")[0]
    assert "- `mail`: it reads so." in asked and "- `since`: its values are dates." in asked
    assert "- `town`: kept as it is by the brief" in asked and "`job`" not in asked


def test_papers_cite_coverage_of_all_rows_only() -> None:
    def of(name: str, value: float) -> Measurement:
        return Measurement(name=name, value=value, low=value, high=value, n=400, method="Wilson")

    coverage = (of("coverage_80", 0.81), of("coverage_80 where region is zone_12", 0.55))
    sure = sureness(coverage=coverage)
    evidence = evidence_of(replace(samples.bank(), sure=sure))
    (items,) = [block for block in single_cases(evidence) if isinstance(block, Items)]
    cited = [piece.at for told in items.lines for piece in told if isinstance(piece, Cited)]
    assert [at for at in cited if at.startswith("sure/coverage/")] == ["sure/coverage/0/name", "sure/coverage/0"]


@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_croissant_ids_are_plain_and_unique(name: str) -> None:
    fields = croissant(evidence_of(samples.ALL[name]()))["recordSet"][0]["field"]
    ids = [f["@id"] for f in fields]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"rows/[A-Za-z0-9_.-]+", i) for i in ids)


def test_all_kinds_are_written(tmp_path: Path) -> None:
    written = write_papers(samples.bank(), tmp_path / "made")
    names = sorted(p.name for p in written)
    assert len(written) == 2 * len(PAPERS) + 2 and {"croissant.json", "report.html", "annex-iv.md"} <= set(names)
    assert all(p.is_file() and p.stat().st_size > 300 for p in written)


def test_unknown_kinds_and_formats_write_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"of the kind 'datasheat' · fix: did you mean 'datasheet'\? · MW-U740"):
        write_papers(samples.bank(), tmp_path / "made", kinds=["datasheat"])
    with pytest.raises(UsageError, match=r"no format 'docx'.*MW-U741"):
        write_papers(samples.bank(), tmp_path / "made", formats=["docx"])
    with pytest.raises(UsageError, match=r"no reader 'boss'.*MW-U742"):
        write_papers(samples.bank(), tmp_path / "made", reader="boss")
    assert not (tmp_path / "made").exists() and "card" in KINDS


def test_without_a_browser_no_pdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BROWSER, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProjectError, match=r"none is on the PATH · fix: .*MODELWRIGHT_CHROMIUM.*MW-P741"):
        write_papers(samples.bank(), tmp_path, kinds=["card"], formats=["pdf"])
    monkeypatch.setenv(BROWSER, "no-such-browser")
    with pytest.raises(ProjectError, match=r"names 'no-such-browser'.*MW-P742"):
        write_papers(samples.bank(), tmp_path, kinds=["card"], formats=["pdf"])


def test_a_browser_that_prints_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv(BROWSER, str(broken))
    with pytest.raises(ProjectError, match=r"printed no PDF \(no display\).*MW-P743"):
        write_papers(samples.bank(), tmp_path, kinds=["card"], formats=["pdf"])


@pytest.mark.parametrize("kind", sorted(PAPERS))
def test_every_paper_says_on_which_version_it_is_and_as_of_when(kind: str) -> None:
    r = replace(samples.bank(), entries=(entry(3, "run started", {"brief": {}}), entry(12, "run done", {"version": 1})))
    evidence = evidence_of(r)
    head = render_markdown(paper_of(kind, evidence, r), evidence).split("## ")[0]
    assert f"On version {r.version.number}, as of" in head and "(entry 12 of the ledger)" in head


def test_what_document_wrote_is_written_again_with_the_papers_of_a_run(tmp_path: Path) -> None:
    r, project = replace(samples.bank(), entries=(entry(3, "run done", {}),)), tmp_path / "project"
    (project / "documents").mkdir(parents=True)
    write_papers(r, project / "documents", kinds=("card", "annex-iv"), formats=("html", "md"))
    (project / "documents" / "datasheet.pdf").write_bytes(b"%PDF")
    later = replace(r, version=replace(r.version, number=7))
    (tmp_path / "run").mkdir()
    write_all(later, tmp_path / "run", project)
    for name in ("model-card.html", "model-card.md", "annex-iv.html", "annex-iv.md"):
        assert "ersion 7" in (project / "documents" / name).read_text(), name
    assert not (project / "documents" / "datasheet.html").exists(), "nobody asked for it"
    written = write_papers(later, project / "documents", kinds=("card",), formats=("html",))
    assert {p.name for p in left_in(project / "documents", written)} >= {"datasheet.pdf", "annex-iv.html"}
