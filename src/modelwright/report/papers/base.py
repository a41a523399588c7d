"""What a paper is made of. A paper says nothing of its own: every number in it is cited from a document of the run.

A line is a sequence of pieces. Plain text is the product's own and holds no figure; `Cited` text was made from one
place of one recorded document, and says which; `Law` is wording of a regulation or a questionnaire, from a data file;
a `Gap` is what only a person knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = [
    "ALL",
    "GAP",
    "Block",
    "Cited",
    "Facts",
    "Gap",
    "Items",
    "Law",
    "Line",
    "Paper",
    "Piece",
    "Section",
    "Table",
    "Text",
    "Verbatim",
    "line",
    "lines_of",
    "sources_of",
]

GAP = "[to be filled in by a person]"
ALL = "*"
"""The place of a form that needs the evaluation and the problem together."""


LEDGER, ENTRIES_NAMED = "ledger ", 2


@dataclass(frozen=True)
class Cited:
    """Text made by a form of `modelwright.report.papers.forms.FORMS` from what a recorded document holds at a place.

    Attributes
    ----------
    text : str
    at : str
        ``"evaluation/headline"``: the document, and the way to the value in it; ``"ledger/12/body/choice"`` for an
        entry of the ledger by its number.
    form : str
    code : bool
        It is a name or a digest, shown as it is.
    """

    text: str
    at: str
    form: str
    code: bool = False

    @property
    def source(self) -> str:
        """The document cited: ``"evaluation"``, ``"ledger 12"``."""
        name, _, rest = self.at.partition("/")
        if name == ALL:
            return "evaluation"
        return f"ledger {rest.partition('/')[0]}" if name == "ledger" and rest else name


@dataclass(frozen=True)
class Law:
    """Wording that is not ours: of a regulation, a specification or a published list of questions."""

    text: str


@dataclass(frozen=True)
class Gap:
    """What a program cannot know; ``what`` says what is asked for, empty where the line says it."""

    what: str = ""


Piece = str | Cited | Law | Gap
Line = tuple[Piece, ...]


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    line: Line


@dataclass(frozen=True)
class Items:
    """A list."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Facts:
    """Names and what there is to say of each."""

    pairs: tuple[tuple[str, Line], ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells; every row has as many as there are heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True)
class Verbatim:
    """Lines shown as they are: a command."""

    line: Line


Block = Text | Items | Facts | Table | Verbatim


@dataclass(frozen=True)
class Section:
    """A heading and what is below it; ``level`` is 2 or 3."""

    title: Line
    blocks: tuple[Block, ...]
    level: int = 2


@dataclass(frozen=True)
class Paper:
    """A paper, before it is Markdown or HTML.

    Attributes
    ----------
    kind : str
        ``"card"``, ``"datasheet"``, …
    title : Line
    lead : tuple of Block
        Before the first heading.
    sections : tuple of Section
    front : str
        Lines of YAML that go before it in Markdown; empty for none.
    source : str
        What the form of the paper comes from.
    """

    kind: str
    title: Line
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]
    front: str = field(default="", repr=False)
    source: str = ""

    def pieces(self) -> Iterator[Piece]:
        """Yield every piece, in the order of reading."""
        yield from self.title
        yield from _pieces(self.lead)
        for section in self.sections:
            yield from section.title
            yield from _pieces(section.blocks)

    @property
    def gaps(self) -> int:
        """How much a person has to fill in."""
        return sum(isinstance(piece, Gap) for piece in self.pieces())

    @property
    def cited(self) -> tuple[str, ...]:
        """Names of the documents that it cites, in the order of reading; the ledger once."""
        names = (p.source.partition(" ")[0] for p in self.pieces() if isinstance(p, Cited))
        return tuple(dict.fromkeys(names))


def line(*pieces: Piece) -> Line:
    """Return a line of pieces."""
    return pieces


def lines_of(block: Block) -> Iterator[Line]:
    """Yield the lines of a block."""
    if isinstance(block, Text | Verbatim):
        yield block.line
    elif isinstance(block, Items):
        yield from block.lines
    elif isinstance(block, Facts):
        yield from (value for _, value in block.pairs)
    else:
        yield from (cell for row in block.rows for cell in row)


def _pieces(blocks: tuple[Block, ...]) -> Iterator[Piece]:
    for block in blocks:
        for each in lines_of(block):
            yield from each


def sources_of(*lines: Line) -> tuple[str, ...]:
    """Return what lines cite: ``("evaluation", "ledger 12")``; many entries of the ledger are named once."""
    found = tuple(dict.fromkeys(p.source for each in lines for p in each if isinstance(p, Cited)))
    if sum(name.startswith(LEDGER) for name in found) <= ENTRIES_NAMED:
        return found
    return tuple(dict.fromkeys("ledger" if name.startswith(LEDGER) else name for name in found))
