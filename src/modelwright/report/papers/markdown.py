"""A paper as Markdown. What comes from data is escaped, so that a column named ``<script>`` is text."""

from __future__ import annotations

import re

from modelwright.report.papers.base import (
    GAP,
    Block,
    Cited,
    Facts,
    Gap,
    Items,
    Law,
    Line,
    Paper,
    Piece,
    Section,
    Table,
    Text,
    Verbatim,
    lines_of,
    sources_of,
)
from modelwright.report.papers.evidence import Evidence

__all__ = ["render_markdown"]


def render_markdown(paper: Paper, evidence: Evidence) -> str:
    """Return the paper; what a line cites stands behind it in brackets, and the digests of all that at its end."""
    parts = [f"# {_line(paper.title)}", _gaps(paper)]
    if paper.front:
        parts.insert(0, f"---\n{paper.front.strip()}\n---")
    parts += [_block(block) for block in paper.lead]
    for section in paper.sections:
        parts += _section(section)
    parts.append(_sources(paper, evidence))
    return "\n\n".join(p.strip("\n") for p in parts if p.strip()) + "\n"


def escaped(text: object) -> str:
    """Return text of unknown origin so that Markdown and HTML show it as it is, on one line."""
    plain = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|~#$]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", plain)


def coded(text: object) -> str:
    """Return text as code, whatever backticks are in it."""
    plain = " ".join(str(text).split())
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * (longest + 1)
    room = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{room}{plain}{room}{fence}"


def _gaps(paper: Paper) -> str:
    if not paper.gaps:
        return "*Nothing in it is left to fill in.*"
    return f"*{paper.gaps} {'places are' if paper.gaps > 1 else 'place is'} left to a person, marked {GAP}.*"


def _piece(piece: Piece) -> str:
    if isinstance(piece, Cited):
        return coded(piece.text) if piece.code else escaped(piece.text)
    if isinstance(piece, Law):
        return escaped(piece.text)
    if isinstance(piece, Gap):
        return f"{GAP[:-1]}: {escaped(piece.what)}]" if piece.what else GAP
    return piece


def _line(line: Line) -> str:
    return "".join(map(_piece, line))


def _cited(*lines: Line) -> str:
    sources = sources_of(*lines)
    return f" \\[{', '.join(sources)}\\]" if sources else ""


def _section(section: Section) -> list[str]:
    return [f"{'#' * section.level} {_line(section.title)}", *map(_block, section.blocks)]


def _block(block: Block) -> str:
    if isinstance(block, Text):
        return _line(block.line) + _cited(block.line)
    if isinstance(block, Items):
        return "\n".join(f"- {_line(each)}{_cited(each)}" for each in block.lines)
    if isinstance(block, Facts):
        return "\n".join(f"- {name}: {_line(value)}{_cited(value)}" for name, value in block.pairs)
    if isinstance(block, Verbatim):
        return "\n".join(f"    {each}" for each in _raw(block.line).splitlines())
    return _table(block)


def _raw(line: Line) -> str:
    return "".join(p.text if isinstance(p, Cited | Law) else str(p) for p in line)


def _table(table: Table) -> str:
    rows = ["| " + " | ".join(table.heads) + " |", "|" + "---|" * len(table.heads)]
    rows += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in table.rows]
    said = _cited(*lines_of(table)).strip()
    return "\n".join(rows) + (f"\n\n{said}" if said else "")


def _cell(line: Line) -> str:
    """Return a line whose pipes do not end the cell, within code too."""
    return re.sub(r"(?<!\\)\|", r"\\|", _line(line))


def _sources(paper: Paper, evidence: Evidence) -> str:
    """Return the documents that are cited, with their digests."""
    rows = [(name, evidence.digests.get(name, "")) for name in paper.cited]
    parts = ["## Where the numbers come from"]
    if paper.source:
        parts.append(escaped(paper.source))
    if rows:
        parts.append("Names in brackets are documents of the run and entries of the ledger:")
        parts.append("\n".join(f"- {name}" + (f": {coded(digest)}" if digest else "") for name, digest in rows))
    return "\n\n".join(parts)
