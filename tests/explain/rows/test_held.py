"""What nobody changes in a person, as a run knows it."""

from __future__ import annotations

from pathlib import Path

from modelwright import documents
from modelwright.brief import Brief
from modelwright.explain.rows.held import held_columns
from modelwright.govern.privacy.documents import ColumnPrivacy, Privacy


def test_what_a_policy_found_personal_is_held_and_what_few_share_is_not(tmp_path: Path) -> None:
    age = ColumnPrivacy(column="age", datum="age", action="cap:90", why="", decided_by="policy")
    pooled = ColumnPrivacy(column="job", datum="", action="pool", why="", decided_by="policy")
    privacy = Privacy(
        policy="gdpr", title="", basis="", k=5, columns=(age, pooled), kept=("town",), judged=(), others=("rooms",)
    )
    documents.save(Brief(source="x.csv", target="y", protected=("sex",)), tmp_path / "brief.json")
    documents.save(privacy, tmp_path / "privacy.json")
    assert held_columns(tmp_path) == ("sex", "age", "town")


def test_a_run_that_has_come_to_nothing_holds_nothing(tmp_path: Path) -> None:
    assert held_columns(tmp_path) == ()
