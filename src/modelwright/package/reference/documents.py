"""The documents of a reference, and how they are read; a version without one has what its profile tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from modelwright.data.contract import Contract, Kind
from modelwright.data.profile import ColumnProfile, Profile
from modelwright.runtime.bins import FIRST
from modelwright.runtime.storage import check_format, malformed, read_json

__all__ = [
    "FORMAT",
    "PREDICTION",
    "REFERENCE",
    "ColumnReference",
    "GroupReference",
    "JointReference",
    "JointTree",
    "LossReference",
    "PairReference",
    "PairVariation",
    "Reference",
    "Variation",
    "read_reference",
    "reference_of_profile",
]

REFERENCE = "reference.json"
FORMAT = 1
MAX_BYTES = 1 << 20

PREDICTION = "the prediction"
"""Name of the column that predictions are watched as."""


@dataclass(frozen=True, kw_only=True)
class Variation:
    """How much stretches of the training rows differ from those before them, beyond chance.

    Attributes
    ----------
    rows : int
        Length of the stretches.
    excess : float
        What the squared difference has beyond chance, per row: the mean of the statistic is ``1 + excess × rows``
        times what it is for rows drawn at random.
    freedom : float
        Degrees of freedom of the chi-squared distribution whose spread the statistic has.
    blocks : int
        Stretches it was measured on.
    """

    rows: int
    excess: float
    freedom: float
    blocks: int


@dataclass(frozen=True, kw_only=True)
class ColumnReference:
    """One column: missing, outside and values in bins.

    Attributes
    ----------
    name, kind : str
    edges : tuple of float
        Of the bins of numbers (lengths, for texts): a bin holds its upper edge; the first edge twice where the lowest
        value has a bin of its own. Empty where there are no numbers.
    levels : tuple of str
        Those with a bin of their own.
    complete : bool
        The contract holds every level of training, so that a new one can be told.
    shares : tuple of float
        Expected shares of a window's rows: missing, below or new, above or other, then the bins. They sum to 1.
    use : float or None
        Share of the model's use of all columns, from the importance that was measured; None where it was not.
    variation : tuple of Variation
        By length of stretch, ascending; empty: unknown.
    gaps : tuple of Variation
        Of the share of missing values; empty where there were none, or it is unknown.
    effects, errors : tuple of float
        By bin, what a row in it adds to the loss beyond its base, and the standard errors of that; may be empty.
    repeats : float or None
        Of numbers, the share of rows with the value of the row before; None: unknown, or next to none.
    """

    name: str
    kind: str
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    complete: bool = False
    shares: tuple[float, ...]
    use: float | None = None
    variation: tuple[Variation, ...] = ()
    gaps: tuple[Variation, ...] = ()
    effects: tuple[float, ...] = ()
    errors: tuple[float, ...] = ()
    repeats: float | None = None


@dataclass(frozen=True, kw_only=True)
class LossReference:
    """What the models lose on rows they were not fitted on.

    Attributes
    ----------
    name : str
        ``"log_loss"``, ``"brier"``, ``"squared_error"`` or ``"absolute_error"``: of a row, averaged.
    mean, deviation : float
        Over the rows.
    n : int
    variation : tuple of Variation
        Of the mean.
    offset : float
        What the estimate adds to its base and to the effects of bins.
    residual : float
        Standard deviation of the loss beyond what is estimated, row by row.
    doubt : float
        Standard error of a change that effects of bins lead to expect, as a share of it.
        0 in files of earlier releases, which did not doubt it.
    unexplained : tuple of Variation
        Of the mean of what is not estimated.
    of_event : bool
        The Brier score of two classes is that of the event, as it is reported. False in files of earlier releases,
        which hold its sum over both classes; `read_reference` halves it.
    """

    name: str
    mean: float
    deviation: float
    n: int
    variation: tuple[Variation, ...]
    offset: float
    residual: float
    doubt: float = 0.0
    unexplained: tuple[Variation, ...]
    of_event: bool = False


@dataclass(frozen=True, kw_only=True)
class PairVariation:
    """How much correlations vary over stretches of so many rows, one ``excess`` for each pair, see `Variation`."""

    rows: int
    blocks: int
    excess: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class JointTree:
    """A small tree on bins: rows whose bin of a column is at most the limit go left; leaf n is the child -n - 1."""

    columns: tuple[int, ...]
    limits: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    leaves: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class JointReference:
    """How the columns used most go together, see `modelwright.package.reference.joining`.

    Attributes
    ----------
    columns : tuple of str
    correlations : tuple of float
        Of the ranks of all pairs, row by row of the upper triangle.
    variation : tuple of PairVariation
        By length of stretch, ascending; empty: unknown.
    trees : tuple of JointTree
        They know rows from shuffled ones; empty where rows were too few.
    believed, deviation : float
        By how much more they believe in a row of training than in a shuffled one: its mean and standard deviation over
        ``rows`` rows.
    unlike : tuple of Variation
        Of that mean.
    """

    columns: tuple[str, ...]
    correlations: tuple[float, ...]
    variation: tuple[PairVariation, ...] = ()
    trees: tuple[JointTree, ...] = ()
    believed: float = 0.0
    deviation: float = 1.0
    rows: int = 0
    unlike: tuple[Variation, ...] = ()

    def pairs(self) -> tuple[PairReference, ...]:
        """Return the pairs, each with its variation."""
        found, place = [], 0
        for i, first in enumerate(self.columns):
            for second in self.columns[i + 1 :]:
                own = tuple(
                    Variation(rows=v.rows, excess=v.excess[place], freedom=1.0, blocks=v.blocks) for v in self.variation
                )
                correlation = self.correlations[place]
                found.append(PairReference(first=first, second=second, correlation=correlation, variation=own))
                place += 1
        return tuple(found)


@dataclass(frozen=True, kw_only=True)
class PairReference:
    """How two columns go together: the correlation of their ranks, and how much it varies."""

    first: str
    second: str
    correlation: float
    variation: tuple[Variation, ...]


@dataclass(frozen=True, kw_only=True)
class GroupReference:
    """The groups of a protected column: by bin, the mean prediction and its rows; how much such means vary."""

    column: str
    means: tuple[float, ...]
    rows: tuple[int, ...]
    variation: tuple[Variation, ...]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What training was like.

    Attributes
    ----------
    rows : int
    order : str
        What the stretches follow, in words; empty where variation is not known.
    columns : tuple of ColumnReference
        Of the contract, in its order.
    prediction : ColumnReference or None
        Predictions for rows that trained none of the models they come from: the probability of the event, of the
        likeliest class where there are more, or the value.
    classes : tuple of float
        Expected share of each predicted class, where there are more than two.
    loss : LossReference or None
    joint : JointReference or None
    pairs : tuple of PairReference
        Of versions that have no ``joint``.
    groups : tuple of GroupReference
        Of the columns on which people must not be treated differently, as far as the model reads them.
    """

    format: int = FORMAT
    rows: int
    order: str = ""
    columns: tuple[ColumnReference, ...]
    prediction: ColumnReference | None = None
    classes: tuple[float, ...] = ()
    loss: LossReference | None = None
    pairs: tuple[PairReference, ...] = ()
    groups: tuple[GroupReference, ...] = ()
    joint: JointReference | None = None

    def document(self) -> dict[str, Any]:
        """Return what is kept: what a column does not have takes no place."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        document["columns"] = [
            {name: value for name, value in column.items() if not (value is None or value is False or value == [])}
            for column in document["columns"]
        ]
        return document

    def __getitem__(self, name: str) -> ColumnReference:
        return next(c for c in self.columns if c.name == name)


def _of_event(reference: Reference) -> Reference:
    """Return a reference of two classes with the Brier score of the event: earlier releases summed both classes."""
    loss = reference.loss
    if loss is None or loss.name != "brier" or loss.of_event or reference.classes:
        return reference

    def halved(column: ColumnReference) -> ColumnReference:
        return replace(column, effects=tuple(v / 2 for v in column.effects), errors=tuple(v / 2 for v in column.errors))

    return replace(
        reference,
        columns=tuple(map(halved, reference.columns)),
        prediction=None if reference.prediction is None else halved(reference.prediction),
        loss=replace(
            loss,
            mean=loss.mean / 2,
            deviation=loss.deviation / 2,
            offset=loss.offset / 2,
            residual=loss.residual / 2,
            of_event=True,
        ),
    )


def read_reference(folder: Path, contract: Contract) -> Reference:
    """Return what ``reference.json`` in a version folder holds.

    Raises
    ------
    BundleError
        The file is malformed (MW-B110), of an unknown format (MW-B103), or not of this contract (MW-B131).
    """
    raw = read_json(folder / REFERENCE, limit=MAX_BYTES)
    check_format(f"'{REFERENCE}'", raw, FORMAT)
    try:
        reference = msgspec.convert(raw, Reference)
    except msgspec.ValidationError as error:
        raise malformed(REFERENCE, str(error)) from error
    if tuple(c.name for c in reference.columns) != contract.names:
        raise malformed(REFERENCE, "it is not of the columns that the plan reads", code="MW-B131")
    if reference.joint is not None:
        _check_joint(reference.joint, contract.names)
    for column in (*reference.columns, *([reference.prediction] if reference.prediction else [])):
        _check(column)
    return _of_event(reference)


def _check(column: ColumnReference) -> None:
    bins = FIRST + (max(len(column.edges) - 1, 0) if column.edges else len(column.levels))
    ascending = all(a <= b for a, b in zip(column.edges, column.edges[1:], strict=False))
    if len(column.shares) != bins or min(column.shares) < 0 or not ascending:
        raise malformed(REFERENCE, f"bins and shares of a column do not match ({bins})", code="MW-B131")
    if column.effects and not len(column.effects) == len(column.errors) == bins:
        raise malformed(REFERENCE, f"bins and effects of a column do not match ({bins})", code="MW-B131")


def _check_joint(joint: JointReference, names: tuple[str, ...]) -> None:
    size = len(joint.columns)
    pairs = size * (size - 1) // 2
    sound = set(joint.columns) <= set(names) and len(joint.correlations) == pairs
    sound = sound and all(len(v.excess) == pairs for v in joint.variation)
    if not sound or not all(_is_tree(tree, size) for tree in joint.trees):
        raise malformed(REFERENCE, "what it says of columns together does not match them", code="MW-B131")


def _is_tree(tree: JointTree, size: int) -> bool:
    nodes, leaves = len(tree.columns), len(tree.leaves)
    if not leaves or not len(tree.limits) == len(tree.left) == len(tree.right) == nodes:
        return False
    children = (*tree.left, *tree.right)
    return all(0 <= c < size for c in tree.columns) and all(-leaves <= c < nodes for c in children)


def reference_of_profile(profile: Profile, contract: Contract) -> Reference:
    """Return what a profile alone tells: shares of bins, without variation, use and loss."""
    known = {c.name: c for c in profile.columns}
    columns = tuple(
        _of_profile(known.get(spec.name) or ColumnProfile(name=spec.name, kind=spec.kind, n_missing=0, n_distinct=0),
                    profile.n_rows, complete=0 < spec.n_levels == len(spec.levels))
        for spec in contract.columns
    )  # fmt: skip
    return Reference(rows=profile.n_rows, columns=columns)


def _of_profile(column: ColumnProfile, n_rows: int, *, complete: bool) -> ColumnReference:
    n = max(n_rows, 1)
    missing = column.n_missing / n
    present = max(n_rows - column.n_missing, 0)
    if len(column.edges) > 1 and Kind(column.kind).numeric:
        edges: tuple[float, ...] = column.edges
        levels: tuple[str, ...] = ()
        values, other = [c / n for c in column.counts], 0.0
    else:
        edges = ()
        levels = tuple(name for name, _ in column.top)
        values = [count / n for _, count in column.top]
        other = max(present / n - sum(values), 0.0)
    return ColumnReference(
        name=column.name,
        kind=column.kind,
        edges=edges,
        levels=levels,
        complete=complete,
        shares=(missing, 0.0, other, *values),
    )
