"""A034: texts whose letters went wrong on the way."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import numpy as np

from modelwright.audit.building import MAX_EXAMPLES, count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.garbling import garbled
from modelwright.data.contract import Kind

__all__ = ["GarbledTexts"]

MIN_VALUES = 2  # one value of many may be about garbled letters
MIN_TEXT_SHARE = 0.005  # of free texts; a word in fewer of them teaches a model nothing, right or wrong
MAX_TEXTS = 10_000  # different texts per column that are looked at
MAX_LENGTH = 2_000
SHOWN = 3
SHOWN_LENGTH = 40


class GarbledTexts:
    """Finds mojibake, lost letters, HTML entities, escapes and invisible characters in texts and names."""

    code: ClassVar[str] = "A034"
    title: ClassVar[str] = "Garbled texts"
    what: ClassVar[str] = "Texts were read with the wrong encoding or escaped: 'cafÃ©', 'donâ€™t', 'R&amp;D'."
    why_it_matters: ClassVar[str] = (
        "A word written right and the same word garbled are two words to a model. Where only some files or sources are "
        "garbled, the garbling tells where a row came from, which will not hold in use."
    )
    how_detected: ClassVar[str] = (
        "Letter runs that become valid text when they are written back as Windows-1252 and read as UTF-8; the "
        "replacement character U+FFFD; HTML entities, escapes such as \\u00e9 and \\n written out, percent codes "
        f"outside of web addresses, and invisible characters. From {MIN_VALUES} rows on, in free texts from "
        f"{percent(MIN_TEXT_SHARE)} of the rows on; in names of columns always."
    )
    what_is_done: ClassVar[str] = "Told, with what the text should be where it can be told."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return a finding on names and one per column of texts, or why there is nothing to check."""
        texts = [n for n in context.features if n in context.raw and not context.contract[n].kind.numeric]
        found = self._names(context)
        if not texts and not found:
            return "no column holds texts"
        return found + [f for n in texts if (f := self._judge(context, n)) is not None]

    def _names(self, context: AuditContext) -> list[Finding]:
        wrong = {n: g for n in context.contract.names if (g := garbled(n)) is not None}
        if not wrong:
            return []
        shown = ", ".join(_example(n, right) for n, (_, right) in list(wrong.items())[:SHOWN])
        return [
            tell(
                self,
                severity=Severity.WARNING,
                columns=list(wrong),
                message=f"The {'name' if len(wrong) == 1 else 'names'} of {count(len(wrong), 'column')} "
                f"{'is' if len(wrong) == 1 else 'are'} garbled: {shown}.",
                evidence={"n_names": len(wrong)},
                fix="read the source with the encoding it was written in; mostly that is UTF-8",
            )
        ]

    def _judge(self, context: AuditContext, name: str) -> Finding | None:
        raw = context.raw[name]
        texts = Counter(t for t in raw.tolist() if t)
        step = max(1, -(-len(texts) // MAX_TEXTS))
        looked = list(texts)[::step]
        wrong = {t: g for t in looked if (g := garbled(t[:MAX_LENGTH])) is not None}
        n = sum(texts[t] for t in wrong) * step
        share = n / max(1, texts.total())
        enough = MIN_TEXT_SHARE if context.contract[name].kind is Kind.TEXT else 0.0
        if n < MIN_VALUES or share < enough:
            return None
        kinds = Counter({what: 0 for what, _ in wrong.values()})
        for text, (what, _) in wrong.items():
            kinds[what] += texts[text]
        shown = ", ".join(_example(t, wrong[t][1]) for t in sorted(wrong, key=lambda t: -texts[t])[:SHOWN])
        rows = np.array([i for i, t in enumerate(raw.tolist()) if t in wrong][:MAX_EXAMPLES], dtype=np.intp)
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"{'About ' if step > 1 else ''}{count(n, 'value')} of '{name}' ({percent(min(share, 1.0))}) "
            f"{'holds' if n == 1 else 'hold'} {' and '.join(k for k, _ in kinds.most_common())}: {shown}.",
            evidence={"n": n, "share": share, "n_texts": len(wrong), "kind": kinds.most_common(1)[0][0]},
            fix="read the source with the encoding it was written in, or undo the escaping there",
            rows=context.row_numbers[rows],
            n_rows=n,
        )


def _example(text: str, right: str) -> str:
    """Return the garbled place and what it should say."""
    if not right:
        at = max(0, text.find("\ufffd") - SHOWN_LENGTH // 2)
        return f"'{text[at : at + SHOWN_LENGTH]}'"
    same = next((i for i, (a, b) in enumerate(zip(text, right, strict=False)) if a != b), min(len(text), len(right)))
    at = max(0, same - SHOWN_LENGTH // 2) if len(text) > SHOWN_LENGTH else 0
    cut = slice(at, at + SHOWN_LENGTH)
    return f"'{text[cut]}' for '{right[cut]}'".replace("\n", "⏎")
