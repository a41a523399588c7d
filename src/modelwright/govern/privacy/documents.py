"""The document: what a policy did to the columns of a table."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.data.treating.treatment import Treatment

__all__ = ["ColumnPrivacy", "Privacy"]


@dataclass(frozen=True, kw_only=True)
class ColumnPrivacy:
    """What is done to one column.

    Attributes
    ----------
    column : str
    datum : str
        Kind of personal data, see `modelwright.govern.privacy.policy.Datum`; empty where only few rows share values.
    action : str
        As a brief writes it: ``"drop"``, ``"bucket:10"``.
    why : str
        One sentence without data values.
    decided_by : str
        ``"policy"`` or ``"user"``.
    treatment : Treatment or None
        None where nothing is left to read: the column is dropped.
    """

    column: str
    datum: str
    action: str
    why: str
    decided_by: str
    treatment: Treatment | None = None


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """What a policy did to a table, once for all that is made of it.

    Attributes
    ----------
    policy, title, basis : str
        Empty where only single columns are treated.
    k : int
        Fewest rows that share what is stored.
    columns : tuple of ColumnPrivacy
        Those that something is done to, in the order of the table.
    kept : tuple of str
        Columns with personal data that the user keeps as they are.
    judged : tuple of ColumnPrivacy
        Columns with personal data that the policy keeps as they are, each with why.
    others : tuple of str
        Columns in which nothing personal was found.
    subject : str or None
        Column whose pseudonyms say whose rows these are.
    suppressed : int
        Rows left out because their subjects asked to be forgotten.
    """

    policy: str
    title: str
    basis: str
    k: int
    columns: tuple[ColumnPrivacy, ...]
    kept: tuple[str, ...] = ()
    judged: tuple[ColumnPrivacy, ...] = ()
    others: tuple[str, ...] = ()
    subject: str | None = None
    suppressed: int = 0

    @property
    def treatments(self) -> dict[str, Treatment]:
        """What is done where values are read, by column."""
        return {c.column: c.treatment for c in self.columns if c.treatment is not None}

    @property
    def dropped(self) -> tuple[str, ...]:
        """Columns that nothing is left of."""
        return tuple(c.column for c in self.columns if c.treatment is None)
