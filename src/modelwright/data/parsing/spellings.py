"""What several spellings of a level share."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["SEPARATORS", "plain_key"]

SEPARATORS = re.compile(r"[\s_\-‐‑‒–—./,;:'’`´\"()\[\]\\]+")
_ENDS = re.compile(r"^[\s'\"`´’(\[]+|[\s'\"`´’)\].,;:]+$")
# Of Latin and Greek letters alone: in other scripts a mark makes another letter.
_ACCENTS = re.compile("(?<=[a-z\u0370-\u03ff])[\u0300-\u036f]+")


def plain_key(level: str) -> str:
    """Return what all spellings of a level share.

    Letters lose case and accents, separators between them fall away; between digits one blank stays ("1-2" is not
    "12"), and signs before or behind stay ("A-", "A+", "<5").
    """
    folded = level.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", folded)))
    text = _ENDS.sub("", folded)

    def between(match: re.Match[str]) -> str:
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        if not before or not after:
            return match[0]
        return " " if before.isdigit() and after.isdigit() else ""

    return SEPARATORS.sub(between, text)
