"""What our versions answer in batch, and whether a server said the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from crowd import Kept

TOLERANCE = 1e-9
MOST_WRONG = 100


class Answers:
    """The answers of some versions to some rows, computed in batch.

    Parameters
    ----------
    project : Path
    numbers : list of int
        Versions.
    rows : list of dict
    """

    def __init__(self, project: Path, numbers: list[int], rows: list[dict[str, Any]]) -> None:
        from modelwright.package.bundle import open_version

        self.expected: dict[str, dict[str, list[Any]]] = {}
        for number in numbers:
            answers, _ = open_version(project / "versions" / str(number)).predict(rows)
            self.expected[str(number)] = {name: values.tolist() for name, values in answers.items()}

    def wrong(self, kept: Iterable[Kept]) -> list[str]:
        """Return what is wrong with the answers of a server, at most `MOST_WRONG` lines; none where all are right.

        An answer is right when it names one of the versions, and is what that version answers in batch for the row.
        """
        faults = (self._fault(answer.row, answer.body) for answer in kept if answer.status == 200)
        return [fault for fault in faults if fault][:MOST_WRONG]

    def _fault(self, row: int, body: bytes) -> str:
        try:
            document = json.loads(body + b"}")  # it was cut off before the request id
            version, answer = document["version"], document["predictions"][0]
            said = {"prediction": answer["prediction"]}
        except (ValueError, KeyError, IndexError) as error:
            return f"row {row}: no answer of ours ({error!r}): {body[:200]!r}"
        if version not in self.expected:
            return f"row {row}: a version that nobody promoted: {version}"
        said.update({f"probability_{name}": value for name, value in answer.get("probabilities", {}).items()})
        for name, values in self.expected[version].items():
            value = values[row]
            same = said.get(name) == value
            if not same and isinstance(value, float) and isinstance(said.get(name), float):
                same = abs(said[name] - value) <= TOLERANCE * max(1.0, abs(value))
            if not same:
                return f"row {row}, version {version}, {name}: {said.get(name)!r}, expected {value!r}"
        return ""
