"""Keys of a document are counted as a decoder that tells of each object counts them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from modelwright.data.json_keys import n_keys

DOCUMENTS = st.recursive(
    st.none() | st.integers() | st.text() | st.sampled_from([":", '":', "\\", '\\":"', "{:}"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def counted(body: bytes) -> int:
    keys = 0

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal keys
        keys += len(pairs)

    json.loads(body, object_pairs_hook=look)
    return keys


@given(DOCUMENTS, st.booleans(), st.sampled_from([(",", ":"), (", ", " : ")]))
def test_the_count_is_that_of_a_decoder(document: Any, plain: bool, separators: tuple[str, str]) -> None:
    body = json.dumps(document, ensure_ascii=plain, separators=separators).encode("utf-8", "surrogatepass")
    keys = counted(body)
    assert n_keys(body) == keys
    assert n_keys(body, keys) == keys
    assert n_keys(body, keys - 1) == keys


def test_a_key_twice_counts_twice() -> None:
    assert n_keys(b'{"a": 1, "a": {"b": ":", "a": 2}}', 2) == 4
