"""Texts of true and false in the languages that files are written in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

__all__ = ["boolean_tokens", "read_boolean"]

_FAMILIES: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (frozenset(yes.split()), frozenset(no.split()))
    for yes, no in (
        ("true t yes y", "false f no n"),
        ("1 true yes", "0 false no"),
        ("on", "off"),
        ("wahr ja j", "falsch nein n"),
        ("vrai oui o", "faux non n"),
        ("verdadero sí si s", "falso no n"),
        ("vero sì si s", "falso no n"),
        ("verdadeiro sim s", "falso não nao n"),
        ("waar ja", "onwaar nee"),
        ("sant sand ja", "falskt falsk nej"),
        ("tak", "nie"),
        ("ano", "ne"),
        ("evet", "hayır hayir"),
        ("да", "нет"),
        ("是", "否"),
        ("はい", "いいえ"),
    )
)
_TRUE = frozenset({"true", "1", "1.0"})
_FALSE = frozenset({"false", "0", "0.0"})


def boolean_tokens(texts: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the texts of true and of false when the lower-case texts are those of one language, both of them there."""
    seen = {t.lower() for t in texts}
    for yes, no in _FAMILIES:
        if seen <= yes | no and seen & yes and seen & no:
            return tuple(sorted(seen & yes)), tuple(sorted(seen & no))
    return None


def read_boolean(value: Any, yes: Collection[str], no: Collection[str]) -> float | None:
    """Return 1.0 or 0.0, None if unreadable. True, "true" and 1 are read in every boolean column."""
    if isinstance(value, str):
        text = value.strip().lower()
        if text in yes:
            return 1.0
        if text in no:
            return 0.0
        return 1.0 if text in _TRUE else 0.0 if text in _FALSE else None
    if isinstance(value, bool | np.bool_):
        return float(value)
    if isinstance(value, int | float | np.integer | np.floating) and value in (0, 1):
        return float(value)
    return None
