"""Terms of texts, weighted and projected, as nodes; see `modelwright.runtime.ops.texts`.

The text comes in lower case: no operator of the standard lowers Unicode as Python does, every language's own library
does. Terms are looked up in the vocabulary and counted in a row of it, so memory grows with rows times vocabulary.
"""

from __future__ import annotations

import numpy as np

from modelwright.package.exports.onnx.graph import CONTRIB, ML, Graph, Inexpressible
from modelwright.package.exports.onnx.inputs import Sources
from modelwright.package.exports.onnx.ops.statistics import WORD, tokens
from modelwright.runtime.ops.texts import TextTopics

__all__ = ["topics"]

START, END = "\x02", "\x03"
"""What marks the ends of a word before its runs of characters are taken."""

_END = np.iinfo(np.int64).max  # of a slice: as far as it goes


def topics(graph: Graph, op: TextTopics, sources: Sources) -> str:
    """The weights of the known terms, scaled to length 1, times the projection."""
    size = len(op.vocabulary)
    texts = sources.value(op.inputs[0], lower=True)
    # with an empty word behind the others: operators on no words at all are odd
    words = graph.concat([tokens(graph, texts, f"[{WORD}]+"), _column(graph, texts, graph.text(""))])
    found = [words] if op.word_grams else []
    found += [_runs_of_words(graph, words, length) for length in range(2, op.word_grams + 1)]
    if op.character_grams:
        found += _runs_of_characters(graph, texts, op.character_grams)
    if not size or not found:
        nothing = graph.cast(graph.add("Equal", texts, graph.text(START)), "DOUBLE")  # texts have no such character
        return graph.add("Add", graph.add("Mul", nothing, graph.constant([0.0])), graph.constant(op.offset[None, :]))
    counts = _counts(graph, [_numbers(graph, terms, op.vocabulary) for terms in found], texts, size)
    zero, one = graph.constant([0.0]), graph.constant([1.0])
    there = graph.add("Greater", counts, zero)
    logs = graph.add("Add", one, graph.add("Log", graph.where(there, counts, one)))
    weight = graph.where(there, graph.add("Mul", logs, graph.constant(op.idf[None, :])), zero)
    norm = graph.add("Sqrt", graph.total(graph.add("Mul", weight, weight), 1))
    scaled = graph.add("Div", weight, graph.where(graph.add("Greater", norm, zero), norm, one))
    projected = graph.add("MatMul", scaled, graph.double(op.projection))
    return graph.add("Add", projected, graph.constant(op.offset[None, :]))


def _runs_of_words(graph: Graph, words: str, length: int) -> str:
    """Return each word with those behind it. Where the words end, so does the run, in a blank: no term does."""
    run = _from(graph, words, 0, length)
    for i in range(1, length):
        run = graph.add("StringConcat", run, graph.add("StringConcat", graph.text(" "), _from(graph, words, i, length)))
    return run


def _runs_of_characters(graph: Graph, texts: str, length: int) -> list[str]:
    """Return the runs of characters inside a word with its ends marked, two tensors of shape (rows, most characters):
    those that begin with the mark, and those that begin with a character.

    Everything stays as wide as the longest text: a row per word would take the longest word for every one of them.
    Runs that a word's end cuts short are among those that begin with a character. No term is like that: a term shorter
    than ``length`` is a whole word, with both its marks.
    """
    if length < 2:
        raise Inexpressible("its terms are single characters, which nothing of this release makes")
    character = _characters_of_words(graph, texts)
    gap = graph.add("Equal", character, graph.text(""))
    last = _next(graph, gap, graph.constant([True], np.bool_))
    run, before = character, character
    for _ in range(length - 1):
        before = run
        tail = graph.where(last, graph.text(END), _next(graph, run, graph.text("")))
        run = graph.where(gap, graph.text(""), graph.add("StringConcat", character, tail))
    first = graph.add("And", graph.add("Not", gap), _previous(graph, gap))
    begun = graph.add("StringConcat", graph.text(START), before)
    return [graph.where(first, begun, graph.text("")), run]


def _characters_of_words(graph: Graph, texts: str) -> str:
    """Return the characters of the texts, "" in the place of those of no word and behind the end, at least one."""
    split = graph.add("Tokenizer", texts, domain=CONTRIB, mark=0, mincharnum=1, pad_value="", separators=[""])
    every = graph.concat([graph.add("Squeeze", split, graph.whole([1])), _column(graph, texts, graph.text("a"))])
    column = graph.add("Reshape", every, graph.whole([-1, 1]))
    kept = graph.add("Reshape", tokens(graph, column, f"[{WORD}]"), graph.add("Shape", every))
    without = graph.add("Slice", kept, graph.whole([0]), graph.whole([-1]), graph.whole([1]))
    return graph.concat([without, _column(graph, texts, graph.text(""))])


def _column(graph: Graph, like: str, value: str) -> str:
    """Return a column of one value, as long as another."""
    return graph.add("Expand", value, graph.add("Shape", like))


def _next(graph: Graph, x: str, behind: str) -> str:
    """Return what stands one place further on, ``behind`` at the end."""
    rest = graph.add("Slice", x, graph.whole([1]), graph.whole([_END]), graph.whole([1]))
    end = graph.add("Slice", x, graph.whole([-1]), graph.whole([_END]), graph.whole([1]))
    return graph.concat([rest, _column(graph, end, behind)])


def _previous(graph: Graph, gap: str) -> str:
    """Return whether there is a gap one place before; before the first there is one."""
    rest = graph.add("Slice", gap, graph.whole([0]), graph.whole([-1]), graph.whole([1]))
    end = graph.add("Slice", gap, graph.whole([-1]), graph.whole([_END]), graph.whole([1]))
    return graph.concat([_column(graph, end, graph.constant([True], np.bool_)), rest])


def _from(graph: Graph, words: str, start: int, length: int) -> str:
    """Return the words from the ``start``-th on, as many for each start below ``length``."""
    end = graph.add("Add", graph.add("Shape", words, start=1, end=2), graph.whole([start - length + 1]))
    ends = graph.add("Max", end, graph.whole([start]))
    return graph.add("Slice", words, graph.whole([start]), ends, graph.whole([1]))


def _numbers(graph: Graph, terms: str, vocabulary: tuple[str, ...]) -> str:
    """Return the position of each term in the vocabulary; behind its end for what is not in it."""
    size = len(vocabulary)
    return graph.add(
        "LabelEncoder",
        terms,
        domain=ML,
        keys_strings=list(vocabulary),
        values_int64s=list(range(size)),
        default_int64=size,
    )


def _counts(graph: Graph, found: list[str], texts: str, size: int) -> str:
    """Return how often each term of the vocabulary occurs, double of shape (rows, size)."""
    numbers = graph.concat(found)
    rows = graph.add("Shape", texts, start=0, end=1)
    empty = graph.add("Expand", graph.constant([0.0]), graph.concat([rows, graph.whole([size + 1])], axis=0))
    ones = graph.add("Expand", graph.constant([1.0]), graph.add("Shape", numbers))
    counted = graph.add("ScatterElements", empty, numbers, ones, axis=1, reduction="add")
    return graph.add("Slice", counted, graph.whole([0]), graph.whole([size]), graph.whole([1]))
