"""A034: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.audit.findings import Severity
from modelwright.audit.garbling import garbled
from modelwright.audit.rules.a034_garbled_texts import GarbledTexts
from modelwright.data.contract import Kind
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest

RIGHT = [
    "café", "São Paulo", "don’t", "“quoted”", "10 €", "Ångström – 5°", "naïve", "Łódź", "Привет", "Αθήνα", "😀",
    "œuvre", "1½ m²", "à la carte",
]  # fmt: skip


def _wrong(text: str) -> str:
    """Return a text of UTF-8 as Windows-1252 shows it, bytes without a letter as Latin-1."""
    shown = []
    for byte in text.encode():
        try:
            shown.append(bytes([byte]).decode("cp1252"))
        except UnicodeDecodeError:
            shown.append(chr(byte))
    return "".join(shown)


@pytest.mark.parametrize("text", RIGHT)
def test_mojibake_is_undone(text: str) -> None:
    assert garbled(_wrong(text)) == ("letters read with the wrong encoding", text)
    assert garbled(_wrong(_wrong(text))) == ("letters read with the wrong encoding", text)
    assert garbled(text.encode().decode("latin-1")) == ("letters read with the wrong encoding", text)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("R&amp;D", "R&D"),
        ("caf&eacute; &#39;x&#39;", "café 'x'"),
        ("caf\\u00e9", "café"),
        ("line\\r\\nnext", "line\nnext"),
        ("line.\\nNext", "line.\nNext"),
        ("New%20York", "New York"),
        ("New\u200bYork", "NewYork"),
        ("caf\ufffd", ""),
    ],
)
def test_escapes_are_undone(text: str, right: str) -> None:
    found = garbled(text)
    assert found is not None and found[1] == right


@pytest.mark.parametrize(
    "text",
    [
        *RIGHT, "CAFÉ’S", "ÇÃO", "MÜNCHEN", "AT&T", "B&B; more", "C:\\new\\text", "\\\\server\\nice", "\\alpha", "50%",
        "http://x.org/?q=a%20b", "a/b%20c", "x & y", "fish&chips", "日本語", "👨‍👩‍👧", "नमस्ते", "Ð", "50 % 20",
    ],
)  # fmt: skip
def test_honest_texts_are_left_alone(text: str) -> None:
    assert garbled(text) is None


@pytest.mark.parametrize("share", [0.02, 0.2, 1.0])
def test_finds_garbled_levels(make: MakeContext, rng: np.random.Generator, share: float) -> None:
    frame = honest(rng)
    frame["town"] = np.where(rng.random(600) < share, _wrong("Köln"), "Köln")
    frame.loc[:4, "town"] = "Bonn"
    (found,) = findings(GarbledTexts, make(frame, "goal"))
    assert found.columns == ("town",) and found.n_rows == (frame["town"] == _wrong("Köln")).sum()
    assert "for 'Köln'" in found.message and found.severity is Severity.INFO


def test_finds_garbled_names(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).rename(columns={"height": _wrong("größe"), "weight": "a&amp;b"})
    (found,) = findings(GarbledTexts, make(frame, "goal"))
    assert found.columns == (_wrong("größe"), "a&amp;b") and "'größe'" in found.message
    assert found.severity is Severity.WARNING


def test_stays_quiet_on_texts_and_on_single_slips(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["town"] = rng.choice(RIGHT, 600)
    frame["note"] = [f"the words of row {i}, right" for i in range(600)]
    frame.loc[0, "note"] = "fish &amp; chips and more"
    frame.loc[0, "colour"] = "r&eacute;d"
    assert findings(GarbledTexts, make(frame, "goal", kinds={"note": Kind.TEXT})) == []


def test_does_not_apply_without_texts(make: MakeContext, rng: np.random.Generator) -> None:
    assert GarbledTexts().check(make(honest(rng)[["height", "value"]], "value")) == "no column holds texts"
