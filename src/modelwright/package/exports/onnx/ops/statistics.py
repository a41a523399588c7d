"""Counts of characters and words as nodes; see `modelwright.runtime.ops.texts`.

A regular expression finds what is to be counted. The runtime's (RE2) reads ``\\w``, ``\\d`` and ``\\s`` as ASCII,
Python's as Unicode: so the classes are spelled out.
"""

from __future__ import annotations

from modelwright.package.exports.onnx.graph import CONTRIB, Graph
from modelwright.package.exports.onnx.inputs import Sources
from modelwright.runtime.ops.texts import TextStatistics

__all__ = ["SPACE", "WORD", "statistics", "tokens"]

WORD = r"\p{L}\p{N}_"
"""What Python's ``\\w`` is: letters and numbers of every script, and the underscore (``str.isalnum``)."""

SPACE = r"\x{9}-\x{d}\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
"""What Python's ``\\s`` is, and what ``str.split`` divides at (``str.isspace``)."""

COUNTED = {
    "length": r"(?s:.)",
    "words": f"[^{SPACE}]+",
    "digits": r"\p{Nd}",
    "capitals": "[A-Z]",
    "punctuation": f"[^{WORD}{SPACE}]",
}


def tokens(graph: Graph, texts: str, expression: str) -> str:
    """Return what matches a regular expression in texts of shape (rows, 1): shape (rows, most), filled up with ""."""
    found = graph.add("Tokenizer", texts, domain=CONTRIB, mark=0, mincharnum=1, pad_value="", tokenexp=expression)
    return graph.add("Squeeze", found, graph.whole([1]))


def statistics(graph: Graph, op: TextStatistics, sources: Sources) -> str:
    """``(min(log(1 + count), high) - center) * factor`` of each count."""
    texts = sources.value(op.inputs[0])
    counts = [_count(graph, tokens(graph, texts, COUNTED[name])) for name in op.statistics]
    logs = graph.add("Log", graph.add("Add", graph.concat(counts), graph.constant([1.0])))
    bounded = graph.clip(logs, [float("-inf")], op.high)
    return graph.add("Mul", graph.add("Sub", bounded, graph.constant(op.center)), graph.constant(op.factor))


def _count(graph: Graph, found: str) -> str:
    """Return how many are not filled up, as a double of shape (rows, 1)."""
    filled = graph.add("Equal", found, graph.text(""))
    return graph.total(graph.cast(graph.add("Not", filled), "DOUBLE"), 1)
