"""The model on a page, to be used: predictions, the page as text, one SQL query."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modelwright import documents
from modelwright.data.contract import Contract
from modelwright.errors import UsageError
from modelwright.explain.simple.documents import Simple, SimpleModel
from modelwright.explain.simple.scoring import predict_simple
from modelwright.explain.simple.wording import page_lines, score_words, title_of

__all__ = ["OnAPage", "open_page"]


@dataclass(frozen=True, kw_only=True)
class OnAPage:
    """A run's model on a page.

    Attributes
    ----------
    model : SimpleModel
        Whole, as a document.
    simple : Simple
        What it scores beside the shipped model, and which to take.
    contract : Contract
        Of the columns that it reads.
    """

    model: SimpleModel
    simple: Simple
    contract: Contract

    def __str__(self) -> str:
        return "\n".join(page_lines(self.model))

    @property
    def title(self) -> str:
        """What it is: ``"A points table of 8 columns"``."""
        return title_of(self.model)

    @property
    def score_words(self) -> str:
        """What it scores, and on which rows."""
        return score_words(self.simple)

    def sql(self, table: str = "rows") -> str:
        """Return one query that predicts every row of a table, see `sql.to_sql`.

        Comments above the query say what it needs of the database, which columns must hold numbers that the data write
        as text, and which must hold values as a privacy policy leaves them.
        """
        from modelwright.explain.simple.sql import notes, to_sql

        read = set(self.model.columns)
        contract = self.contract.only([n for n in self.contract.names if n in read])
        query = to_sql(self.model, table, contract)
        return self._treated() + notes(query, contract) + query

    def _treated(self) -> str:
        """Return a comment in SQL on the columns that are treated before they are read, nothing where none is."""
        found = [(" ".join(s.name.split()), s.treatment.action) for s in self.contract.columns if s.treatment]
        if not found:
            return ""
        told = ", ".join(f"{name} ({action})" for name, action in found)
        return f"-- The table must hold these columns as the privacy policy leaves them: {told}\n"

    def predict(self, rows: Any) -> Any:
        """Return predictions for rows as a pandas frame: ``prediction``, and for classes ``probability_<class>``.

        Parameters
        ----------
        rows : DataFrame, pyarrow.Table, mapping of columns, or path of a file

        Raises
        ------
        ContractError
            A column that the model reads is missing, or cannot be read.
        """
        import pandas as pd

        from modelwright.data.canonical import canonicalise
        from modelwright.data.taking import as_table

        columns, _ = canonicalise(as_table(rows), self.contract, required=self.contract.names)
        found = predict_simple(self.model, columns)
        if not self.model.classes:
            return pd.DataFrame({"prediction": found[:, 0]})
        answers = {"prediction": np.array(self.model.classes, dtype=object)[found.argmax(axis=1)]}
        return pd.DataFrame(answers | {f"probability_{c}": found[:, i] for i, c in enumerate(self.model.classes)})


def open_page(run: Path) -> OnAPage:
    """Return the model on a page of a run's folder.

    Raises
    ------
    ProjectError
        The run did not come as far, or its documents are damaged.
    UsageError
        It has none (MW-U828).
    """
    from modelwright.explain.reasons import Explanation

    simple = documents.load(run / "explanation.json", Explanation).simple
    if simple is None or simple.model is None:
        why = "it is of an earlier release" if simple is None else simple.why_not
        raise UsageError(
            f"run {run.name} has no model on a page: {why}",
            fix="run again with 'modelwright run'" if simple is None else "add columns of numbers or levels",
            code="MW-U828",
        )
    contract = documents.load(run / "contract.json", Contract).only(simple.model.columns)
    return OnAPage(model=simple.model, simple=simple, contract=contract)
