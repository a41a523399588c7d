"""The pages of the rules are those that docs/generate.py writes."""

from __future__ import annotations

import runpy
from pathlib import Path

from modelwright.audit import RULES

DOCS = Path(__file__).parents[2] / "docs"


def test_every_rule_has_its_page_and_the_pages_are_fresh() -> None:
    made = runpy.run_path(str(DOCS / "generate.py"), run_name="generate")["pages"]()
    assert set(made) == {"index.md", *(f"{c.lower()}.md" for c in RULES)}
    stale = [n for n, text in made.items() if (DOCS / "rules" / n).read_text(encoding="utf-8") != text]
    assert not stale, f"run 'make docs': {stale}"


def test_no_page_is_left_of_a_rule_that_is_gone() -> None:
    assert {p.name for p in (DOCS / "rules").glob("*.md")} == {"index.md", *(f"{c.lower()}.md" for c in RULES)}
