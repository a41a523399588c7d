"""Several spellings of one level: by case, space, punctuation and accents, and by a slip of the pen."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from modelwright.data.parsing.booleans import boolean_tokens
from modelwright.data.parsing.spellings import SEPARATORS, plain_key

__all__ = [
    "MIN_LETTERS",
    "ONE_SLIP",
    "TWO_SLIPS",
    "WRONG_SLIP",
    "by_plain_key",
    "case_is_loose",
    "same_spellings",
    "slip_distance",
    "slips",
]

# With fewer letters than this, what differs by case alone may be two codes ("a1" and "A1", "m" and "M").
MIN_LETTERS = 3
# A slip is one letter too many, too few or swapped in a word of five letters, a wrong one in a word of seven, and two
# in one of eight: shorter words have honest neighbours (Iran and Iraq, island and inland).
ONE_SLIP, WRONG_SLIP, TWO_SLIPS = 5, 7, 8
LONGEST_FOR_TWO = 24  # characters; the work for two slips grows with the square of the length

_WORD = re.compile(r"[^\W\d_]+")


def by_plain_key(names: Iterable[str]) -> tuple[dict[str, list[str]], bool]:
    """Return the names by what their spellings share, and whether short ones are words as well, no codes.

    They are where all names are yes and no of one language, and where case means nothing, see `case_is_loose`. Of
    answers that are spelled out ('Yes', 'No') the letters ('Y', 'N') and other words ('True') are spellings as well.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[plain_key(name)].append(name)
    answers = boolean_tokens(found)
    if answers is None:
        return dict(found), case_is_loose(found)
    # 'N', 'NO' and 'S' may be winds: one word of three letters says that they are answers, or one for each of both.
    longest = [max(map(len, side)) for side in answers]
    if max(longest) >= MIN_LETTERS or min(longest) > 1:
        return {max(side, key=len): [name for key in side for name in found[key]] for side in answers}, True
    return dict(found), True


def case_is_loose(by_key: Mapping[str, Sequence[str]]) -> bool:
    """Return whether names are written without regard to case: beside 'Nein' and 'NEIN' 'Ja' and 'JA' are no codes.

    Parameters
    ----------
    by_key : mapping of str to sequence of str
        The spellings that share a key, see `plain_key`. Keys of enough letters judge: at least half of them have to
        come in several cases. Where all are shorter, all of two or more have to: 'M', 'm', 'F' and 'f'.
    """
    words = {key: names for key, names in by_key.items() if sum(c.isalpha() for c in key) >= MIN_LETTERS}
    judging = words or by_key
    several = sum(
        len({n.strip() for n in names}) > len({n.strip().casefold() for n in names}) for names in judging.values()
    )
    return several > 0 and 2 * several >= len(words) if words else several == len(by_key) > 1


def same_spellings(levels: Iterable[tuple[str, int]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return which spellings are another level, the surely same ones and those of too few letters to be sure.

    Parameters
    ----------
    levels : iterable of (str, int)
        Levels and how often they occur; of several spellings the most frequent one is the level.
    """
    counts = dict(levels)
    sure: dict[str, str] = {}
    unsure: dict[str, str] = {}
    by_key, are_words = by_plain_key(counts)
    for key, spelled in by_key.items():
        letters = sum(c.isalpha() for c in key)
        if len(spelled) < 2 or not letters:
            continue
        first, *others = sorted(spelled, key=lambda s: (-counts[s], s))
        (sure if are_words or letters >= MIN_LETTERS else unsure).update(dict.fromkeys(others, first))
    return sure, unsure


def slips(rare: Iterable[str], frequent: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Return the rare levels that differ from a frequent one by a slip in one word, with that level and the distance.

    A slip spares the first letter and never adds or takes a prefix ("complete", "incomplete"). Found by what is left
    when letters are taken out, so that the work grows with the number of levels, not of pairs.
    """
    index: dict[str, list[str]] = defaultdict(list)
    for level in frequent:
        for left in _lefts(level.casefold()):
            index[left].append(level)
    found = {}
    for level in rare:
        near = {f for left in _lefts(level.casefold()) for f in index.get(left, ())} - {level}
        hits = sorted((d, f) for f in near if (d := slip_distance(level.casefold(), f.casefold())))
        if hits and (len(hits) == 1 or hits[0][0] < hits[1][0]):
            found[level] = (hits[0][1], hits[0][0])
    return found


def _lefts(text: str) -> Iterator[str]:
    yield text
    for i in range(1, len(text)):
        once = text[:i] + text[i + 1 :]
        yield once
        if TWO_SLIPS <= len(text) <= LONGEST_FOR_TWO:
            for j in range(i, len(once)):
                yield once[:j] + once[j + 1 :]


def slip_distance(a: str, b: str) -> int:
    """Return how many letters a slip between two levels took, 0 where it is none."""
    (signs, words), (other_signs, others) = _parts(a), _parts(b)
    if signs != other_signs:
        return 0  # other digits or signs, or another number of words
    changed = [(v, w) for v, w in zip(words, others, strict=True) if v != w] if len(words) == len(others) else []
    if len(changed) != 1:
        return 0
    v, w = changed[0]
    shortest = min(len(v), len(w))
    wrong = len(v) == len(w) and sum(x != y for x, y in zip(v, w, strict=True)) == 1
    if shortest < (WRONG_SLIP if wrong else ONE_SLIP) or v[0] != w[0] or v.endswith(w) or w.endswith(v):
        return 0
    distance = _distance(v, w)
    return distance if distance <= (2 if shortest >= TWO_SLIPS else 1) else 0


@functools.lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[str, list[str]]:
    """Return what is no word, and the words; a level is compared with many."""
    return SEPARATORS.sub(" ", _WORD.sub("", text)), _WORD.findall(text)


def _distance(a: str, b: str) -> int:
    """Return the edit distance, a swap of neighbours counting once (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, ca in enumerate(a, 1):
        row = [i]
        for j, cb in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (ca != cb))
            if i > 1 and j > 1 and ca == b[j - 2] and a[i - 2] == cb:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
