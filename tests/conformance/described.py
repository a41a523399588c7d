"""What Schemathesis is told beside `/openapi.json`; it imports this file in its own environment.

Good bodies of the types that a schema does not describe come from the folder ``BODIES``, one file each, named by the
media type. Of valid requests that are refused those pass for which JSON Schema has no words: each stands below with its
code, where it may come, and why.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.openapi.checks import IgnoredAuth
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

for file in Path(os.environ["BODIES"]).iterdir():
    schemathesis.openapi.media_type(file.name.replace("_", "/", 1), st.just(file.read_bytes()))


def _anywhere(path: str, body: Any) -> bool:
    return True


def _tensors(path: str, body: Any) -> bool:
    return path.endswith("/infer")


def _labels(path: str, body: Any) -> bool:
    return path == "/feedback"


def _split(path: str, body: Any) -> bool:
    return isinstance(body, dict) and "dataframe_split" in body


def _named(path: str, body: Any) -> bool:
    return _tensors(path, body) or _split(path, body)


NO_WORDS: dict[str, tuple[Callable[[str, Any], bool], str]] = {
    "MW-C001": (_named, "which names a list of tensors or of names of columns has to hold"),
    "MW-C003": (_anywhere, "of how many rows a value can be read as its column wants it: half of them may be odd"),
    "MW-S104": (_tensors, "the rows of a shape that its data need not have; how many are allowed is a setting"),
    "MW-S105": (_tensors, "the columns of such a shape"),
    "MW-S110": (_anywhere, "a whole number that is written out beyond 64 bits; the same as 1e30 is taken"),
    "MW-S111": (_anywhere, "that two columns are of the same length"),
    "MW-S112": (_split, "that rows are as wide as there are names"),
    "MW-S116": (_tensors, "that data fits its shape, and names differ"),
    "MW-S314": (_labels, "which texts are a class in another spelling"),
    "MW-S117": (_tensors, "that low and high need an interval among the parameters"),
}


@schemathesis.check
def valid_data_acceptance(ctx: Any, response: Any, case: Any) -> None:
    """As Schemathesis's own `positive_data_acceptance`, but for `NO_WORDS`."""
    if response.status_code in (413, 422):
        where, _ = NO_WORDS.get(json.loads(response.content)["code"], (None, ""))
        if where is not None and where(case.operation.path, case.body):
            return
    positive_data_acceptance(ctx, response, case)


@schemathesis.check
def keys_are_asked_for(ctx: Any, response: Any, case: Any) -> None:
    """As Schemathesis's own `ignored_auth`; but who tries many wrong keys is told to wait, which opens nothing."""
    try:
        ignored_auth(ctx, response, case)
    except IgnoredAuth as failure:
        if "got `429 " not in failure.message:
            raise
