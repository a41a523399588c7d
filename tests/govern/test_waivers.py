"""Waivers: for a reason and by name, in the audit chain, until they end; and promotion goes by them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from modelwright import documents
from modelwright.brief import Brief
from modelwright.champions import Champion
from modelwright.cli import main
from modelwright.errors import ProjectError, UsageError
from modelwright.govern.verdict import Gate, Reason, Verdict
from modelwright.govern.waivers import standing, waivers_of
from modelwright.govern.waiving import check_may_serve, standing_of, waive, withdraw
from modelwright.ledger import Entry
from modelwright.project import Project
from tests.cli.conftest import project, trained  # noqa: F401 - fixtures

REASON = "only the ranking is used in the pilot"


def gate(name: str, failing: str, *, passed: bool = False) -> Gate:
    return Gate(name=name, passed=passed, blocking=not failing.startswith("cond"), why=f"{name} fails", failing=failing)


VERDICT = Verdict(
    answer="do not ship",
    summary="It should not be used.",
    gates=(
        gate("fair enough", "do not ship"),
        gate("known well enough", "collect more data"),
        gate("calibrated", "condition"),
        gate("plausible", "condition", passed=True),
    ),
    reasons=(
        Reason(gate="fair enough", because="it is unfair", do="mend it", counts=True),
        Reason(gate="known well enough", because="few rows", do="collect", counts=True),
        Reason(gate="calibrated", because="off", do="rank", counts=False),
    ),
)


def entries(*bodies: tuple[str, dict]) -> list[Entry]:
    return [
        Entry(number=n, previous="", run="", kind=kind, at="2026-11-27T10:00:00Z", body={"version": 1, **body})
        for n, (kind, body) in enumerate(bodies, 1)
    ]


def given(name: str, **more: str) -> tuple[str, dict]:
    return "waived", {"gate": name, "reason": REASON, "by": "Ada", **more}


# how a version stands


def test_what_still_blocks_makes_the_answer():
    assert standing(VERDICT, ()).answer == "do not ship"
    one = standing(VERDICT, waivers_of(entries(given("fair enough")), 1))
    assert one.answer == "collect more data" and [r.gate for r in one.left] == ["known well enough"]
    both = standing(VERDICT, waivers_of(entries(given("fair enough"), given("known well enough")), 1))
    assert both.answer == "ship with conditions" and both.ships and both.left == ()
    condition = standing(VERDICT, waivers_of(entries(given("calibrated")), 1))
    assert condition.answer == "do not ship", "a waived condition lets nothing through"


def test_a_waiver_holds_through_its_last_day():
    told = entries(given("fair enough", expires="2027-06-30"), given("known well enough"))
    assert standing(VERDICT, waivers_of(told, 1, today="2027-06-30")).ships
    after = standing(VERDICT, waivers_of(told, 1, today="2027-07-01"))
    assert after.answer == "do not ship" and [w.holds for w in after.waivers] == [False, True]


def test_withdrawn_renewed_and_of_another_version():
    told = entries(given("fair enough"), ("waiver withdrawn", {"gate": "fair enough"}), given("known well enough"))
    assert [w.gate for w in waivers_of(told, 1)] == ["known well enough"]
    renewed = entries(given("fair enough", expires="2026-12-01"), given("fair enough", expires="2027-12-01"))
    assert [w.expires for w in waivers_of(renewed, 1)] == ["2027-12-01"]
    assert waivers_of(told, 2) == ()


def test_verdicts_of_earlier_releases_say_less_and_stand_alike():
    old = replace(VERDICT, reasons=(), gates=tuple(replace(g, failing="") for g in VERDICT.gates))
    assert standing(old, waivers_of(entries(given("fair enough")), 1)).answer == "do not ship"
    both = waivers_of(entries(given("fair enough"), given("known well enough")), 1)
    assert standing(old, both).answer == "ship with conditions"


# in a project


def judged(folder: Path, verdict: Verdict) -> Project:
    """Return a project whose first version has this verdict, and is not the champion."""
    opened = Project(folder)
    documents.save(verdict, opened.run_folder(opened.runs()[-1]) / "verdict.json")
    (folder / "champion.json").unlink(missing_ok=True)
    entries = [e for e in opened.ledger.entries() if e.kind != "promoted"]
    opened.ledger.path.unlink()
    for entry in entries:
        opened.ledger.append(entry.kind, entry.run, entry.body)
    return opened


@pytest.fixture
def refused(project: Path) -> Project:  # noqa: F811
    return judged(project, VERDICT)


def test_promotion_honours_waivers(refused: Project) -> None:
    with pytest.raises(
        ProjectError, match=r"version 1 did not pass the gate 'fair enough'.*modelwright waive.*MW-P752"
    ):
        refused.promote(1)
    assert refused.champion is None
    waive(refused, "Fair Enough", reason=REASON, by="Ada Lovelace", version=1)
    with pytest.raises(ProjectError, match="'known well enough'"):
        refused.promote(1)
    found = waive(refused, "known well enough", reason=REASON, by="Ada Lovelace", version=1, expires="2999-01-01")
    assert refused.promote(1).version == 1
    last = refused.ledger.entries()[-1]
    assert last.kind == "promoted" and found.entry in last.body["evidence"]["waivers"]
    assert found.because == "known well enough fails"


def test_evidence_may_settle_a_gate_instead(refused: Project) -> None:
    assert check_may_serve(refused, 1, settled=("fair enough", "known well enough")) == ()


def test_a_challenge_that_was_won_settles_what_compares_with_something_simpler(refused: Project) -> None:
    folder = refused.run_folder(refused.runs()[-1])
    simpler = replace(VERDICT, gates=(gate("better than a constant", "do not build this"),))
    documents.save(simpler, folder / "verdict.json")
    with pytest.raises(ProjectError, match="MW-P752"):
        check_may_serve(refused, 1)
    documents.save(Champion(version=7), refused.path / "champion.json")
    for champion, wins, settled in ((7, True, True), (7, False, False), (6, True, False)):
        documents.save({"champion": champion, "wins": wins}, folder / "challenge.json")
        if settled:
            assert check_may_serve(refused, 1) == ()
        else:
            with pytest.raises(ProjectError, match="MW-P752"):
                check_may_serve(refused, 1)


def test_a_waiver_that_has_ended_lets_nothing_through(refused: Project) -> None:
    only = replace(VERDICT, gates=VERDICT.gates[:1])
    documents.save(only, refused.run_folder(refused.runs()[-1]) / "verdict.json")
    body = {"version": 1, "gate": "fair enough", "reason": REASON, "by": "Ada", "expires": "2020-01-01"}
    refused.ledger.append("waived", "", body)
    with pytest.raises(ProjectError, match=r"its waiver ended on 2020-01-01.*MW-P752"):
        refused.promote(1)


def test_a_withdrawn_waiver_is_in_the_chain(refused: Project) -> None:
    waive(refused, "fair enough", reason=REASON, by="Ada", version=1)
    withdraw(refused, "fair enough", reason="the pilot is over now", by="Ada", version=1)
    assert [e.kind for e in refused.ledger.entries()[-2:]] == ["waived", "waiver withdrawn"]
    stands = standing_of(refused, 1)
    assert stands is not None and stands.waivers == () and not stands.ships
    with pytest.raises(UsageError, match="MW-U758"):
        withdraw(refused, "fair enough", reason="the pilot is over now", by="Ada", version=1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"gate": "fair enuff"}, r"no gate 'fair enuff' · fix: did you mean 'fair enough'\? · MW-U753"),
        ({"gate": "plausible"}, "passed the gate 'plausible'.*did not pass are: fair enough.*MW-U754"),
        ({"reason": " ok "}, "says too little.*MW-U755"),
        ({"by": "  "}, "nobody is named.*MW-U756"),
        ({"expires": "tomorrow"}, "'tomorrow' is no day to come.*MW-U757"),
        ({"expires": "2020-01-01"}, "MW-U757"),
        ({"version": 7}, "has no version 7.*MW-P025"),
    ],
)
def test_what_is_no_waiver_is_refused_and_writes_nothing(refused: Project, changed: dict, said: str) -> None:
    before = refused.ledger.path.read_bytes()
    asked = {"gate": "fair enough", "reason": REASON, "by": "Ada", "version": 1, **changed}
    with pytest.raises((UsageError, ProjectError), match=said):
        waive(refused, asked.pop("gate"), **asked)
    assert refused.ledger.path.read_bytes() == before


def test_a_brief_that_was_changed_after_training_is_seen(refused: Project) -> None:
    path = refused.run_folder(refused.runs()[-1]) / "brief.json"
    eased = documents.load(path, Brief).merged(gates={"calibration_error": 0.9})
    documents.save(eased, path)
    with pytest.raises(ProjectError, match=r"calibration_error 0\.05, now 0\.9.*MW-P750"):
        refused.promote(1)


def test_the_command_shows_the_waiver_everywhere(refused: Project, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(refused.path)
    assert main(["waive", folder]) == 0
    assert "version 1: do not ship" in capsys.readouterr().out
    arguments = ["waive", folder, "fair enough", "--reason", REASON, "--by", "Ada Lovelace", "--expires", "2999-01-31"]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["standing"]["answer"] == "collect more data"
    assert told["standing"]["waivers"][0]["by"] == "Ada Lovelace"
    for name in ("report.html", "model-card.md", "documents/annex-iv.md", "documents/decision-log.md"):
        assert "Ada Lovelace" in (refused.path / name).read_text() and REASON in (refused.path / name).read_text(), name
    assert main(["waive", folder, "fair enough", "--withdraw", "--reason", "the pilot is over", "--by", "Ada"]) == 0
    assert "Ada Lovelace" not in (refused.path / "model-card.md").read_text()


def test_versions_tell_how_they_stand(refused: Project, capsys: pytest.CaptureFixture[str]) -> None:
    waive(refused, "fair enough", reason=REASON, by="Ada", version=1)
    over = {"version": 1, "gate": "known well enough", "reason": REASON, "by": "Ada", "expires": "2020-01-01"}
    refused.ledger.append("waived", "", over)
    assert main(["versions", str(refused.path), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["versions"]
    assert row["standing"] == "collect more data" and row["waived"] == ["fair enough"]
    assert row["waivers_over"] == ["known well enough"]
    assert main(["versions", str(refused.path)]) == 0
    assert "collect more data, waived: fair enough, waiver is over: known" in capsys.readouterr().out
    path = refused.run_folder(refused.runs()[-1]) / "verdict.json"
    path.write_text(path.read_text().replace("do not ship", "ship"))
    assert main(["versions", str(refused.path)]) == 0
    assert "verdict.json' is damaged" in capsys.readouterr().out


def test_a_brief_changed_on_disk_is_told_when_promoting(refused: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("fair enough", "known well enough"):
        waive(refused, name, reason=REASON, by="Ada", version=1)
    brief = refused.path / "brief.toml"
    brief.write_text(brief.read_text() + "\n[gates]\ncalibration_error = 0.5\n")
    assert main(["promote", str(refused.path), "1"]) == 0
    assert "brief.toml was changed since version 1 was judged" in capsys.readouterr().err
