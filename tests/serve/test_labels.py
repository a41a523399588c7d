"""Labels that come late: what is taken, and what no row can have."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from modelwright.data.parsing.texts import text_of
from modelwright.errors import RequestError
from modelwright.monitor.windows import encode_labels
from modelwright.serve.labels import Label, check_labels, check_rows, read_labels


def test_one_and_several() -> None:
    one, several = {"request_id": "a", "label": "yes"}, [{"request_id": "b", "label": 1, "row": 2}]
    assert read_labels(json.dumps(one).encode()) == [Label("a", "yes", 0)]
    assert read_labels(json.dumps({"labels": several}).encode()) == [Label("b", 1, 2)]
    assert read_labels(b'{"labels": []}') == []


@pytest.mark.parametrize("row", ["0", -1, 0.5, 2**31, 1e300, None, True])
def test_rows_are_whole_numbers(row: Any) -> None:
    with pytest.raises(RequestError, match="MW-S310"):
        read_labels(json.dumps({"request_id": "a", "label": 1, "row": row}).encode())


def test_a_row_is_a_whole_number_however_it_is_written() -> None:
    assert read_labels(b'{"request_id": "a", "label": 1, "row": 3.0}')[0].row == 3


@pytest.mark.parametrize("label", ["yes", True, None, 10**400, -(10**400), 1e308, -1e80])
def test_values_are_numbers_that_can_be_kept(label: Any) -> None:
    with pytest.raises(RequestError, match="label 2 is none"):
        check_labels([Label("a", 10**30), Label("a", label)], ())


def test_classes_are_those_of_the_target() -> None:
    check_labels([Label("a", "yes"), Label("a", 1)], ("yes", "1"))
    with pytest.raises(RequestError, match="MW-S314"):
        check_labels([Label("a", "perhaps")], ("yes", "1"))


@pytest.mark.parametrize(
    ("classes", "given", "meant"),
    [
        (("nein", "ja"), ["JA", " Nein ", "ja", "j", True], ["ja", "nein", "ja", "ja", None]),
        (("No", "Yes"), ["y", True, "FALSE", "ja", "maybe"], ["Yes", "Yes", "No", None, None]),
        (("on time", "late"), ["On-Time", "LATE", True], ["on time", "late", None]),
        (("0", "1"), [1, "1.0", False, True], ["1", "1", None, None]),
    ],
)
def test_a_class_in_another_spelling_is_that_class(
    classes: tuple[str, ...], given: list[Any], meant: list[Any]
) -> None:
    """By the rule that monitoring and retraining have for files, and it is the name of the class that is kept."""
    for label, name in zip(given, meant, strict=True):
        item = Label("a", label)
        number = encode_labels([label], classes)[0]
        if name is None:
            with pytest.raises(RequestError, match="MW-S314"):
                check_labels([item], classes)
            assert np.isnan(number)
        else:
            check_labels([item], classes)
            assert text_of(item.label) == name == classes[int(number)]


def test_a_key_twice_is_refused() -> None:
    with pytest.raises(RequestError, match=r"the key 'label' is given twice.*MW-S123"):
        read_labels(b'{"labels": [{"request_id": "a", "label": 1, "label": 2, "row": 0}]}')


def test_labels_are_for_rows_that_there_were() -> None:
    rows = {"one": 1, "three": 3}
    check_rows([Label("one", 1, 0), Label("three", 1, 2), Label("unknown", 1, 7)], rows.get)
    with pytest.raises(RequestError, match=r"label 2 is for row 3 of a request that had 3.*MW-S316"):
        check_rows([Label("one", 1, 0), Label("three", 1, 3)], rows.get)


def test_a_text_that_is_a_plain_number_is_that_number() -> None:
    given = [Label("a", "7.5"), Label("a", " -3 "), Label("a", "1e3"), Label("a", 4)]
    check_labels(given, ())
    assert [item.label for item in given] == [7.5, -3, 1000, 4]
    for text in ("7,5", "1e999", "", "seven", "nan", "1" * 10_000):
        with pytest.raises(RequestError, match="MW-S314"):
            check_labels([Label("a", text)], ())


def test_what_is_too_much_is_told() -> None:
    many = [{"request_id": "a", "label": 1}] * 10_001
    with pytest.raises(RequestError, match=r"no labels that can be read.*10,000 labels at most"):
        read_labels(json.dumps({"labels": many}).encode())
