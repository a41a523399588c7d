"""Which class a label means that is spelled otherwise: one rule for labels from files, from the log and by HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from modelwright.data.parsing.booleans import boolean_tokens
from modelwright.data.parsing.spellings import plain_key

__all__ = ["classes_of"]


def classes_of(texts: Collection[str], classes: Sequence[str]) -> dict[str, str]:
    """Return the class that each text means; a text that means none is not among the keys.

    A class in another case, with other blanks or punctuation is that class, as it was in training, where no other class
    is spelled like it. Where two classes are yes and no in words of one language, its other words are they as well:
    'Y' and 'true' beside 'Yes' and 'No'.

    Parameters
    ----------
    texts : collection of str
        As `modelwright.data.parsing.texts.text_of` has them.
    classes : sequence of str
    """
    found = {name: name for name in classes if name in texts}
    others = set(texts) - found.keys() - {""}
    if not others:
        return found
    keys = Counter(map(plain_key, classes))
    alike = {key: name for name in classes if keys[key := plain_key(name)] == 1}
    are_words = len(classes) == len(alike) == 2 and not any(key[-1:].isdigit() for key in alike)
    for text in others:
        name = alike.get(key := plain_key(text))
        if name is None and are_words and not key.isdigit():
            name = _same_answer(key, alike)
        if name is not None:
            found[text] = name
    return found


def _same_answer(key: str, alike: dict[str, str]) -> str | None:
    """Return which of two classes is the same answer, yes or no, as another word; None where they are no answers."""
    for side in boolean_tokens({*alike, key}) or ():
        if key in side:
            return next((alike[word] for word in side if word in alike), None)
    return None
