"""What MLflow calls to load a version folder: named in its ``MLmodel``, see `modelwright.package.mlmodel`.

MLflow itself is not imported; it imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modelwright.package.bundle import Version, open_version

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PyfuncModel"]


class PyfuncModel:
    """A version as MLflow wants a model: ``predict`` takes a frame and returns a frame.

    Parameters
    ----------
    version : Version
    """

    def __init__(self, version: Version) -> None:
        self.version = version

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return ``prediction`` and, for classes, ``probability_<class>``, one row per row of the input.

        Parameters
        ----------
        model_input : pandas.DataFrame, mapping of columns, one record, or sequence of records
            Raw values as the contract describes them; None, NaN and ``pandas.NA`` are missing.
        params : mapping or None
            MLflow passes it to every model. There are no parameters, so it is not looked at.

        Raises
        ------
        ContractError
            A column that the model reads is missing, or more than half of it cannot be read.
        """
        import pandas as pd

        answers, _ = self.version.predict(_columns(model_input))
        frame = pd.DataFrame(answers)
        if isinstance(model_input, pd.DataFrame):
            frame.index = model_input.index
        return frame


def _columns(given: Any) -> Any:
    """Return what `Version.predict` takes. A frame goes column by column: reading it as a source of data, as files
    are, would refuse columns of mixed types, which the contract reads value by value."""
    import pandas as pd

    if isinstance(given, pd.DataFrame):
        return {str(name): given.iloc[:, position].to_numpy() for position, name in enumerate(given.columns)}
    if isinstance(given, Mapping) and not any(_is_many(value) for value in given.values()):
        return [given]
    return given


def _is_many(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str | bytes)


def _load_pyfunc(path: str) -> PyfuncModel:
    """Return the version in a folder, after checking every digest. The name is MLflow's."""
    return PyfuncModel(open_version(path))
