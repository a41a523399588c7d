"""Refusals: one function each, that says which kind of body it is for; one code each; a next move."""

from __future__ import annotations

import inspect

from modelwright.errors import RequestError
from modelwright.serve.protocols import refusals


def made() -> dict[str, RequestError]:
    """Return an error of each kind, made with arguments of the right type."""
    found = {}
    for name in refusals.__all__:
        function = getattr(refusals, name)
        parameters = inspect.signature(function).parameters.values()
        found[name] = function(*(7 if p.annotation == "int" else "some words" for p in parameters))
    return found


def test_each_says_what_it_is_for() -> None:
    assert [name for name in refusals.__all__ if not inspect.getdoc(getattr(refusals, name))] == []
    public = [n for n, f in inspect.getmembers(refusals, inspect.isfunction) if not n.startswith("_")]
    assert public == refusals.__all__


def test_each_has_a_code_of_its_own_and_a_next_move() -> None:
    errors = made()
    assert len({error.code for error in errors.values()}) == len(errors)
    for error in errors.values():
        assert error.fix and error.code.startswith("MW-S1") and error.status in (400, 413, 415, 422)
