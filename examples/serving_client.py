"""Ask a running server: one row with reasons, a table in one body, and what became of it later.

modelwright serve PROJECT
python examples/serving_client.py [URL] [KEY]

The rows are made from the example in the server's own description, so this works with every model.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import urllib.error
import urllib.request
from typing import Any

REASONS = 3


class Client:
    """A server: its address, and the key where it asks for one."""

    def __init__(self, url: str, key: str = "") -> None:
        self.url, self.key = url.rstrip("/"), key

    def ask(self, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        """Return the answer; a refusal ends the program with what the server says of it."""
        request = urllib.request.Request(self.url + path, body, {"Content-Type": kind})
        if self.key:
            request.add_header("X-API-Key", self.key)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            told = json.load(refused)
            sys.exit(f"{told['code']}: {told['error']} · {told['fix']} (request {told['request_id']})")


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as CSV; an empty cell is a missing value."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def main(url: str = "http://127.0.0.1:8080", key: str = "") -> None:
    """Ask for a row and for a table, and tell the outcome of the row."""
    client = Client(url, key)
    row = client.ask("/openapi.json")["components"]["schemas"]["Record"]["example"]

    answer = client.ask("/predict", json.dumps({"rows": [row], "reasons": REASONS}).encode())
    said = answer["predictions"][0]
    print(f"version {answer['version']} of {answer['model']} says {said['prediction']!r}")
    for reason in said["reasons"]:
        print(f"  {reason['column']}: {reason['effect']:+.4f}")

    unknown = dict.fromkeys(row)
    table = client.ask("/predict", as_csv([row, unknown]), "text/csv")
    print(f"of a table: {[one['prediction'] for one in table['predictions']]}")

    label = json.dumps({"request_id": answer["request_id"], "row": 0, "label": said["prediction"]})
    told = client.ask("/feedback", label.encode())
    print(f"labels taken: {told['taken']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
