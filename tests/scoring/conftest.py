"""A version fitted on a small table, and rows to score."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from modelwright.package.bundle import Version, open_version
from modelwright.package.writing import Facts, write_version
from tests.package.building import PROFILE
from tests.package.fitting import fitted, table


@pytest.fixture(scope="session")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """Boosted trees for two classes."""
    plan, _, _ = fitted(("lightgbm",), 2)
    folder = tmp_path_factory.mktemp("scoring") / "1"
    facts = Facts(
        version=1,
        target="sold",
        metric="log_loss",
        score=None,
        documents={},
        rows={"used": 200},
        created=datetime(2026, 1, 2, tzinfo=UTC),
    )
    write_version(folder, plan, facts=facts, profile=PROFILE, seed=0)
    return open_version(folder)


def rows(n: int, seed: int = 1) -> pa.Table:
    """Return raw rows with an id and a column that the model does not know."""
    return pa.table({"id": [f"r{i}" for i in range(n)], **table(n, seed)[0], "shoe": [42] * n})


def csv_of(n: int, path: Path) -> Path:
    """Write such rows."""
    pacsv.write_csv(rows(n), path)
    return path
