"""The page about exporting shows the example's own lines, and names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from modelwright.package.exports.onnx import MODEL
from modelwright.package.exports.onnx.documents import DOCUMENT, README, TEST
from modelwright.package.exports.onnx.inputs import MAX_CHARACTERS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "exporting.md").read_text(encoding="utf-8")
SCRIPT = (ROOT / "tests" / "node" / "score.mjs").read_text(encoding="utf-8")


def test_the_javascript_shown_is_that_of_the_example() -> None:
    (shown,) = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)
    for line in shown.strip().split("\n"):
        assert line.strip() in SCRIPT


def test_every_file_is_named() -> None:
    for name in (MODEL, DOCUMENT, TEST, README):
        assert f"| `{name}` |" in PAGE


def test_the_length_of_texts_is_the_same_everywhere() -> None:
    assert f"{MAX_CHARACTERS:,} characters" in PAGE and f"slice(0, {MAX_CHARACTERS})" in SCRIPT
