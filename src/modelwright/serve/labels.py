"""Labels that come late, as ``POST /feedback`` takes them: of one row, or ``{"labels": [...]}``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec

from modelwright.bounds import LARGEST_LABEL
from modelwright.data.parsing.classes import classes_of
from modelwright.data.parsing.numbers import NumberFormat, read_number
from modelwright.data.parsing.texts import text_of
from modelwright.errors import RequestError
from modelwright.serve.protocols.repeated import check_repeated

__all__ = ["LONGEST_ID", "MOST_LABELS", "MOST_ROW", "Label", "check_labels", "check_rows", "read_labels"]

LONGEST_ID = 200  # characters
MOST_ROW = 2**31 - 1
MOST_LABELS = 10_000  # in one request
LONGEST_NUMBER = 400  # characters; the largest of 64 bits has 309 digits


class Label(msgspec.Struct):
    """What became of a row of a request. Rows count from 0; to JSON 3.0 is the number 3."""

    request_id: Annotated[str, msgspec.Meta(max_length=LONGEST_ID)]
    label: bool | int | float | str | None
    row: Annotated[int, msgspec.Meta(ge=0, le=MOST_ROW)] | Annotated[float, msgspec.Meta(ge=0, le=MOST_ROW)] = 0


class _Labels(msgspec.Struct):
    labels: Annotated[list[Label], msgspec.Meta(max_length=MOST_LABELS)]


_LABELS = msgspec.json.Decoder(_Labels)
_ONE = msgspec.json.Decoder(Label)


def read_labels(body: bytes) -> list[Label]:
    """Return the labels in a body.

    Raises
    ------
    RequestError
        There are none in it (MW-S310), or one has a key twice (MW-S123).
    """
    for decoder in (_ONE, _LABELS):
        try:
            given: Any = decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue
        check_repeated(body, given, ())
        labels = given.labels if decoder is _LABELS else [given]
        if all(label.row == int(label.row) for label in labels):
            return labels
    raise RequestError(
        "the body holds no labels that can be read",
        fix='send {"request_id": "…", "row": 0, "label": …}, or {"labels": [{…}, …]} with '
        f"{MOST_LABELS:,} labels at most, an id of {LONGEST_ID} characters at most and rows that are whole numbers",
        code="MW-S310",
        status=422,
    )


def check_labels(labels: Sequence[Label], classes: Sequence[str]) -> None:
    """Refuse labels that no row can have (MW-S314); without classes the target is a number.

    A class in another spelling is that class, see `modelwright.data.parsing.classes.classes_of`: the label is given
    its name. A text that is a plain number is that number.
    """
    texts = [text_of(item.label) for item in labels] if classes else []
    otherwise = {text for text in texts if text is not None} - set(classes)
    meant = classes_of(otherwise, classes) if otherwise else {}
    for number, item in enumerate(labels, 1):
        if classes and (text := texts[number - 1]) in meant:
            item.label = meant[text]
        elif not classes and isinstance(item.label, str) and (number_of := _written(item.label)) is not None:
            item.label = number_of
        elif not (text in classes if classes else _is_number(item.label)):
            raise RequestError(
                f"label {number:,} is none that the target can have",
                fix=f"give one of the {len(classes)} classes, in any spelling: GET /openapi.json names them"
                if classes
                else "give a number",
                code="MW-S314",
                status=422,
            )


def check_rows(labels: Sequence[Label], rows_of: Callable[[str], int | None]) -> None:
    """Refuse labels for rows that their requests did not have (MW-S316).

    Parameters
    ----------
    rows_of : callable
        From an id of a request to how many rows it had, None where that is not known: then the label is taken.
    """
    for number, item in enumerate(labels, 1):
        rows = rows_of(item.request_id)
        if rows is not None and item.row >= rows:
            raise RequestError(
                f"label {number:,} is for row {int(item.row):,} of a request that had {rows:,}",
                fix="count rows from 0: the label of a single row is for row 0",
                code="MW-S316",
                status=404,
            )


def _written(text: str) -> float | None:
    """Return the number that a text is; None where it is none, or not plainly written."""
    found = read_number(text, NumberFormat()) if len(text) <= LONGEST_NUMBER else None
    return found if found is not None and _is_number(found) else None


def _is_number(label: Any) -> bool:
    """Tell whether a label is a number that can be reckoned with; whole numbers of JSON know no bound."""
    if isinstance(label, bool) or not isinstance(label, int | float):
        return False
    return abs(label) <= LARGEST_LABEL
