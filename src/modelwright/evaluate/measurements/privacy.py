"""The document: what a model tells of who was trained on."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.evaluate.measurements.scores import Measurement

__all__ = ["Attack", "Membership"]


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One way of guessing whether a row was trained on, by somebody who knows the row and its label.

    Attributes
    ----------
    name : str
        ``"loss"`` or ``"calibrated loss"``.
    auc : Measurement
        Area under the ROC curve: how often a row that was trained on looks more so than one that was not; 0.5 is
        guessing.
    caught : Measurement
        Share of the rows trained on that are found when 1 % of the others are taken for such; 0.01 is guessing.
    """

    name: str
    auc: Measurement
    caught: Measurement


@dataclass(frozen=True, kw_only=True)
class Membership:
    """How well attacks tell who was trained on.

    Attributes
    ----------
    attacks : tuple of Attack
        Empty where none could be measured; ``notes`` then say why.
    most : float
        Highest area that is accepted.
    asked : bool
        Whether the brief says so, or it is the default.
    notes : tuple of str
    """

    attacks: tuple[Attack, ...]
    most: float
    asked: bool
    notes: tuple[str, ...] = ()
