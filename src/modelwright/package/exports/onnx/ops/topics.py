"""Terms of texts, weighted and projected, as nodes; see `modelwright.runtime.ops.texts`.

The text comes in lower case: no operator of the standard lowers Unicode as Python does, every language's own library
does. Terms are looked up in the vocabulary and counted in a row of it, so memory grows with rows times vocabulary.
"""

from __future__ import annotations

from modelwright.package.exports.onnx.graph import CONTRIB, ML, Graph
from modelwright.package.exports.onnx.inputs import Sources
from modelwright.package.exports.onnx.ops.statistics import WORD, tokens
from modelwright.runtime.ops.texts import TextTopics

__all__ = ["topics"]

START, END = "\x02", "\x03"
"""What marks the ends of a word before its runs of characters are taken."""


def topics(graph: Graph, op: TextTopics, sources: Sources) -> str:
    """The weights of the known terms, scaled to length 1, times the projection."""
    size = len(op.vocabulary)
    texts = sources.value(op.inputs[0], lower=True)
    blank = graph.where(graph.add("Equal", texts, graph.text("")), graph.text(""), graph.text(""))
    words = graph.concat([tokens(graph, texts, f"[{WORD}]+"), blank])  # operators on no words at all are odd
    found = [words] if op.word_grams else []
    found += [_runs_of_words(graph, words, length) for length in range(2, op.word_grams + 1)]
    if op.character_grams:
        found.append(_runs_of_characters(graph, words, op.character_grams))
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


def _runs_of_characters(graph: Graph, words: str, length: int) -> str:
    """Return the runs of characters of each word with its ends marked, shape (rows, most words × most runs).

    Behind the last whole run come shorter ones that end a word without beginning one. No term is like that: a term
    shorter than ``length`` is a whole word, with both its marks.
    """
    column = graph.add("Reshape", words, graph.whole([-1, 1]))
    filled = graph.add("Equal", column, graph.text(""))
    marked = graph.add("StringConcat", graph.add("StringConcat", graph.text(START), column), graph.text(END))
    word = graph.where(filled, graph.text(""), marked)
    split = graph.add("Tokenizer", word, domain=CONTRIB, mark=0, mincharnum=1, pad_value="", separators=[""])
    characters = graph.add("Squeeze", split, graph.whole([1]))
    # short words are filled up, so that every word has a first run
    run = _padded(graph, characters, 0, length)
    for i in range(1, length):
        run = graph.add("StringConcat", run, _padded(graph, characters, i, length))
    rows = graph.add("Shape", words, start=0, end=1)
    per_row = graph.add("Mul", graph.add("Shape", words, start=1, end=2), graph.add("Shape", run, start=1, end=2))
    return graph.add("Reshape", run, graph.concat([rows, per_row], axis=0), allowzero=1)


def _from(graph: Graph, words: str, start: int, length: int) -> str:
    """Return the words from the ``start``-th on, as many for each start below ``length``."""
    end = graph.add("Add", graph.add("Shape", words, start=1, end=2), graph.whole([start - length + 1]))
    ends = graph.add("Max", end, graph.whole([start]))
    return graph.add("Slice", words, graph.whole([start]), ends, graph.whole([1]))


def _padded(graph: Graph, characters: str, start: int, length: int) -> str:
    """Return the characters from the ``start``-th on, with ``length - 1`` blanks behind the last one."""
    rows = graph.add("Shape", characters, start=0, end=1)
    shape = graph.concat([rows, graph.whole([length - 1])], axis=0)
    behind = graph.concat([characters, graph.add("Expand", graph.text(""), shape)])
    end = graph.add("Add", graph.add("Shape", characters, start=1, end=2), graph.whole([start]))
    return graph.add("Slice", behind, graph.whole([start]), end, graph.whole([1]))


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
