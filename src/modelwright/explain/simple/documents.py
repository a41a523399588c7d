"""Documents of the model on a page. What they say is the whole model: they predict, and are written out as SQL."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.evaluate.measurements import Measurement

__all__ = ["FORMS", "Cell", "Node", "Part", "Simple", "SimpleCandidate", "SimpleModel"]

FORMS = {"points": "points table", "linear": "short equation", "tree": "small tree"}
"""The forms, and what people call them."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Values of a column that count alike.

    Attributes
    ----------
    text : str
        In words: ``"under 38"``, ``"a or b"``, ``"missing"``.
    adds : tuple of float
        What they add, one number for each output: points for a points table, else what the link takes.
    low, high : float or None
        Of numbers: from ``low`` to below ``high``; None: no bound.
    levels : tuple of str
        Of texts.
    rest : bool
        Whether all levels that no other cell names are in it, those never seen before among them.
    missing : bool
        Whether missing values are in it.
    """

    text: str
    adds: tuple[float, ...]
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()
    rest: bool = False
    missing: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one column adds: that of the cell its value lies in, or ``slope`` times the value.

    With a slope a missing value counts as ``middle``, and values beyond ``low`` or ``high`` count as these: training
    had hardly any, and a straight line goes on for ever.
    """

    column: str
    kind: str
    cells: tuple[Cell, ...] = ()
    slope: tuple[float, ...] = ()
    middle: float = 0.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Node:
    """A question of a tree, or where it ends.

    Attributes
    ----------
    value : tuple of float
        What is predicted of the rows that end here; empty for a question.
    share : float
        Of the training rows, those that come here.
    column, kind, text : str
        What is asked, in words: ``"age under 38"``.
    below : float or None
        Of numbers: yes below it; None asks only whether the value is missing.
    levels : tuple of str
        Of texts: yes for these.
    missing : bool
        Whether a missing value is a yes.
    yes, no : int
        Positions of the nodes that follow.
    """

    value: tuple[float, ...] = ()
    share: float = 0.0
    column: str = ""
    kind: str = ""
    text: str = ""
    below: float | None = None
    levels: tuple[str, ...] = ()
    missing: bool = False
    yes: int = -1
    no: int = -1


@dataclass(frozen=True, kw_only=True)
class SimpleModel:
    """A model that fits on a page, whole.

    Attributes
    ----------
    form : str
        A name in `FORMS`.
    link : str
        How the sum becomes the answer, a name in `scoring.LINKS`.
    target : str
    classes : tuple of str
        Empty for values.
    base : tuple of float
        Where the sum begins, one number for each output.
    unit : float
        What one of the numbers added is worth on the link's scale.
    parts : tuple of Part
        Empty for trees.
    nodes : tuple of Node
        The first is asked first; empty for tables and equations.
    """

    form: str
    link: str
    target: str
    classes: tuple[str, ...] = ()
    base: tuple[float, ...] = ()
    unit: float = 1.0
    parts: tuple[Part, ...] = ()
    nodes: tuple[Node, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, in the order in which they come."""
        return tuple(dict.fromkeys([p.column for p in self.parts] + [n.column for n in self.nodes if n.column]))

    @property
    def size(self) -> int:
        """How much there is to read: cells, slopes and ends of trees."""
        return sum(len(p.cells) + len(p.slope[:1]) for p in self.parts) + sum(not n.column for n in self.nodes)


@dataclass(frozen=True, kw_only=True)
class SimpleCandidate:
    """A form that was tried: mean loss over the folds, the mean's standard error, and how much there is to read."""

    form: str
    columns: int
    size: int
    loss: float
    noise: float
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class Simple:
    """The model on a page beside the model that is shipped.

    Attributes
    ----------
    model : SimpleModel or None
        None where there is none; ``why_not`` says why.
    score : Measurement or None
        On the rows that are reported.
    gain : Measurement or None
        The score of the shipped model less its score, signed so that more is better, on the same rows, paired.
    take : bool
        It is as good within the noise: the simple one should be taken.
    over_constant : Measurement or None
        Its score less that of a constant, signed so that more is better; None in explanations of earlier releases.
    advice : str
        Which to take, or neither, in one sentence.
    candidates : tuple of SimpleCandidate
    measured_on, why_not : str
    """

    model: SimpleModel | None = None
    score: Measurement | None = None
    gain: Measurement | None = None
    take: bool = False
    advice: str = ""
    over_constant: Measurement | None = None
    candidates: tuple[SimpleCandidate, ...] = ()
    measured_on: str = ""
    why_not: str = ""
