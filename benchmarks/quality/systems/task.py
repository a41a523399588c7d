"""What every system is told, and what it hands back. Needs pandas and pyarrow, which every environment has."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["Task", "read"]


@dataclass(frozen=True)
class Task:
    """File, target, metric and budget; and the cores of the machine, for those that do not look."""

    train: Path
    test: Path
    target: str
    objective: str
    """``binary``, ``multiclass`` or ``regression``; the metric follows: ROC AUC, log loss, root mean squared error."""
    classes: list[str]
    budget: int
    """Seconds."""
    cores: int
    variant: str
    """What comes after the colon of the name of the system, as a preset."""
    place: Path
    """A folder of its own, deleted afterwards."""
    predictions: Path
    told: Path
    began: float
    """When the process was started, in seconds of the epoch."""
    notes: dict[str, Any]

    def frames(self, *, text: str) -> tuple[Any, Any, Any]:
        """Return columns of training, its target, and columns of the test.

        Parameters
        ----------
        text
            What becomes of columns that are not numbers: ``filled`` (text, empty where missing), ``category`` (of the
            levels of training) or ``object`` (as they are).
        """
        import pandas as pd

        train, test = pd.read_parquet(self.train), pd.read_parquet(self.test)
        target = train.pop(self.target)
        for name in train:
            if pd.api.types.is_numeric_dtype(train[name]) and not pd.api.types.is_bool_dtype(train[name]):
                continue
            if text == "object":
                train[name], test[name] = train[name].astype(object), test[name].astype(object)
            elif text == "filled":
                train[name], test[name] = (part[name].astype(object).fillna("").astype(str) for part in (train, test))
            else:
                levels = train[name].astype("category").cat.categories
                train[name], test[name] = (pd.Categorical(part[name], categories=levels) for part in (train, test))
        return train, target, test

    def codes(self, target: Any) -> Any:
        """Return the place of each label in the order of the classes; numbers as they are."""
        if self.objective == "regression":
            return target.astype(float)
        place = {name: i for i, name in enumerate(self.classes)}
        return target.map(place).astype(int)

    def fitted(self) -> None:
        """Say that fitting has ended and predicting begins."""
        self.notes["fit wall"] = time.time() - self.began

    def finish(self, values: Any, *, package: str) -> None:
        """Write predictions: one column of values, or of the event, or a column a class; and what there is to tell."""
        import numpy as np
        import pandas as pd

        table = np.asarray(values, dtype=float)
        if table.ndim == 1:
            table = table[:, None]
        if self.objective == "binary" and table.shape[1] == 1:
            table = np.hstack([1 - table, table])
        names = ["prediction"] if self.objective == "regression" else self.classes
        pd.DataFrame(table, columns=names).to_parquet(self.predictions)
        self.tell(version(package))

    def tell(self, version: str) -> None:
        """Write which version it was, and when fitting had ended."""
        self.told.write_text(json.dumps({"version": version, **self.notes}))


def read() -> Task:
    """Return the task of the file that the command line names."""
    words = json.loads(Path(sys.argv[1]).read_text())
    paths = {name: Path(words.pop(name)) for name in ("train", "test", "place", "predictions", "told")}
    return Task(**words, **paths, notes={})
