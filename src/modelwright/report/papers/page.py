"""A paper as one self-contained HTML page: the style, the policy and the escaping are the report's."""

from __future__ import annotations

from markupsafe import Markup, escape

from modelwright.report.html import page
from modelwright.report.inputs import ReportInput
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
    Text,
    Verbatim,
    lines_of,
    sources_of,
)
from modelwright.report.papers.evidence import Evidence

__all__ = ["render_page"]


def render_page(paper: Paper, evidence: Evidence, r: ReportInput) -> str:
    """Return the paper; each cited number says, where it is pointed at, which place of which document it is from."""
    return page(
        "paper.html",
        r=r,
        title="".join(p.text if isinstance(p, Cited) else str(p) for p in paper.title),
        heading=_line(paper.title),
        gaps=paper.gaps,
        gap=GAP,
        lead=[_block(b) for b in paper.lead],
        sections=[
            (f"s{n}", s.level, _line(s.title), [_block(b) for b in s.blocks]) for n, s in enumerate(paper.sections)
        ],
        source=paper.source,
        cited=[(name, evidence.digests.get(name, "")) for name in paper.cited],
    )


def _piece(piece: Piece) -> Markup:
    if isinstance(piece, Cited):
        shown = Markup("<code>{}</code>" if piece.code else "{}").format(piece.text)
        return Markup('<span class="cited" title="{}">{}</span>').format(piece.at, shown)
    if isinstance(piece, Law):
        return escape(piece.text)
    if isinstance(piece, Gap):
        return Markup('<mark class="gap">{}</mark>').format(f"{GAP[:-1]}: {piece.what}]" if piece.what else GAP)
    return escape(piece)


def _line(line: Line) -> Markup:
    return Markup("").join(map(_piece, line))


def _cited(*lines: Line) -> Markup:
    sources = sources_of(*lines)
    return Markup(' <span class="ids">{}</span>').format(", ".join(sources)) if sources else Markup("")


def _block(block: Block) -> Markup:
    if isinstance(block, Text):
        return Markup("<p>{}{}</p>").format(_line(block.line), _cited(block.line))
    if isinstance(block, Items):
        items = Markup("").join(Markup("<li>{}{}</li>").format(_line(each), _cited(each)) for each in block.lines)
        return Markup('<ul class="notes">{}</ul>').format(items)
    if isinstance(block, Facts):
        rows = Markup("").join(
            Markup("<div><dt>{}</dt><dd>{}{}</dd></div>").format(name, _line(value), _cited(value))
            for name, value in block.pairs
        )
        return Markup('<dl class="facts">{}</dl>').format(rows)
    if isinstance(block, Verbatim):
        return Markup('<pre class="command"><code>{}</code></pre>').format(_line(block.line))
    heads = Markup("").join(Markup('<th scope="col">{}</th>').format(head) for head in block.heads)
    rows = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(_line(cell)) for cell in row))
        for row in block.rows
    )
    table = Markup('<div class="scroll"><table class="paper"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>')
    said = _cited(*lines_of(block))
    return table.format(heads, rows) + (Markup("<p>{}</p>").format(said) if said else Markup(""))
