"""What all operations share: state and its way back, and writing into a part of a larger matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Self, get_type_hints

import msgspec
import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.errors import BundleError
from modelwright.runtime.op import RowWriter, State

__all__ = ["LARGEST", "Operation", "refused"]

LARGEST = 3e38
"""Larger magnitudes are brought down to this: forests and XGBoost work in float32, whose largest number is 3.4e38."""


def refused(op: str, why: str) -> BundleError:
    """Return the error for a state from which no operation can be made."""
    return BundleError(
        f"the scoring plan holds an operation '{op}' that cannot be built: {why}",
        fix="restore the version from its source, or update modelwright if a newer release wrote it",
        code="MW-B501",
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Operation:
    """A fitted encoder; subclasses add fields (JSON values and arrays), `write` and `shapes`.

    Fields that are arrays go into the arrays of the state, the others into its JSON.
    """

    op: ClassVar[str]

    inputs: tuple[str, ...]
    names: tuple[str, ...]
    categorical: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.inputs:
            raise refused(self.op, "it reads no column")
        if any(not 0 <= i < len(self.names) for i in self.categorical):
            raise refused(self.op, "a categorical feature is out of range")
        for name, shape in self.shapes().items():
            if getattr(self, name).shape != shape:
                raise refused(self.op, f"'{name}' has shape {getattr(self, name).shape}, expected {shape}")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape that each array must have."""
        return {}

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        """The columns that each feature comes from."""
        return (self.inputs,) * len(self.names)

    def write(self, columns: Columns, out: np.ndarray) -> None:
        """Write the features into ``out``, shape ``(n_rows, len(names))``, float64, any strides."""
        raise NotImplementedError

    def __call__(self, columns: Columns) -> np.ndarray:
        """Return float64 of shape ``(n_rows, len(names))``."""
        out = np.empty((len(columns[self.inputs[0]]), len(self.names)))
        self.write(columns, out)
        return out

    def row(self, where: Mapping[str, int], out: np.ndarray) -> RowWriter:
        """Return the function that writes the features of one row into ``out``; by way of `write` where a subclass
        knows no shorter one."""
        places = [(name, where[name]) for name in self.inputs]
        block = out.reshape(1, -1)

        def write(values: Sequence[Any]) -> None:
            self.write({name: _one(values[place]) for name, place in places}, block)

        return write

    def state(self) -> State:
        """Return JSON-ready settings and arrays from which `build` makes the same operation."""
        settings: dict[str, Any] = {"op": self.op}
        arrays: dict[str, np.ndarray] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                arrays[field.name] = value
            else:
                settings[field.name] = msgspec.to_builtins(value)
        return settings, arrays

    @classmethod
    def build(cls, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """Make the operation from its state.

        Raises
        ------
        BundleError
            A part is missing, of a wrong type, or does not fit the others.
        """
        hints = _hints(cls)  # type: ignore[arg-type]
        values: dict[str, Any] = {}
        try:
            for field in fields(cls):
                if hints[field.name] is np.ndarray:
                    values[field.name] = _checked_array(cls.op, field.name, arrays[field.name])
                else:
                    values[field.name] = msgspec.convert(settings[field.name], hints[field.name])
        except KeyError as error:
            raise refused(cls.op, f"{error} is missing") from error
        except msgspec.ValidationError as error:
            raise refused(cls.op, str(error)) from error
        return cls(**values)


@cache
def _hints(cls: type[Operation]) -> dict[str, Any]:
    return get_type_hints(cls)


def _one(value: Any) -> Column:
    return np.array([value]) if isinstance(value, float) else Strings.from_values([value])


def _checked_array(op: str, name: str, array: np.ndarray) -> np.ndarray:
    if not isinstance(array, np.ndarray) or array.dtype not in (np.float64, np.float32):
        raise refused(op, f"'{name}' is no array of floating-point numbers")
    return np.ascontiguousarray(array)
