from __future__ import annotations

import json

import pytest

from modelwright import documents
from modelwright.brief import Brief
from modelwright.errors import ProjectError


def test_round_trip_with_parents(tmp_path):
    brief = Brief(target="y", drop=("a",), payoff={"tp": 1.5})
    digest = documents.save(brief, tmp_path / "brief.json", {"source": "sha256:ab"})
    assert documents.load(tmp_path / "brief.json", Brief) == brief
    told = json.loads((tmp_path / "brief.json").read_text())
    assert told["digest"] == digest == documents.digest_of(brief)
    assert told["parents"] == {"source": "sha256:ab"} and told["document"] == "Brief"


def test_the_digest_does_not_depend_on_the_order_of_keys():
    assert documents.digest_of({"a": 1, "b": 2}) == documents.digest_of({"b": 2, "a": 1})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"body": {"target": 3}}', '{"body": []}'])
def test_damaged_documents_are_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ProjectError):
        documents.load(tmp_path / "x.json", Brief)


def test_a_changed_document_is_refused(tmp_path):
    documents.save(Brief(target="y", payoff={"tp": 1.0, "fn": -0.5}), tmp_path / "brief.json")
    assert documents.load(tmp_path / "brief.json", Brief).payoff == {"tp": 1.0, "fn": -0.5}
    text = (tmp_path / "brief.json").read_text()
    (tmp_path / "brief.json").write_text(text.replace("-0.5", "-0.6"))
    with pytest.raises(ProjectError, match="changed by hand"):
        documents.load(tmp_path / "brief.json", Brief)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "folder" / "x.json"
    with pytest.raises(ProjectError) as caught:
        documents.write_atomic(target, b"new")
    assert caught.value.code == "MW-P001" and not target.parent.exists()
