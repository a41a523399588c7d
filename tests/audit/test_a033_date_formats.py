"""A033: fires, stays quiet, does not apply."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.datestyles import order_of, style_of
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.rules.a033_date_formats import DateFormats
from modelwright.data.contract import Kind
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _written(rng: np.random.Generator, style: str, other: str = "", share: float = 0.0) -> list[str]:
    days = pd.date_range("2019-01-01", periods=600)
    odd = rng.random(600) < share
    return [d.strftime(other if o else style) for d, o in zip(days, odd, strict=True)]


def _asked(make: MakeContext, rng: np.random.Generator, texts: list[str], kind: Kind = Kind.CATEGORY) -> list[Finding]:
    return findings(DateFormats, make(honest(rng).assign(day=texts), "goal", kinds={"day": kind}))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("other", ["%d/%m/%Y", "%d %b %Y", "%B %d, %Y", "%Y%m%d", "%Y/%m/%d", "%d.%m.%y %H:%M"])
def test_finds_several_styles(make: MakeContext, rng: np.random.Generator, other: str, share: float) -> None:
    (found,) = _asked(make, rng, _written(rng, "%Y-%m-%d", other, share))
    assert found.severity is Severity.WARNING and found.evidence["n_formats"] == 2
    assert 0 < found.n_rows <= 300 and len(found.rows) == min(20, found.n_rows)


def test_finds_spreadsheet_days_among_dates(make: MakeContext, rng: np.random.Generator) -> None:
    texts = _written(rng, "%d.%m.%Y")
    texts[10:40] = [str(43_466 + i) for i in range(30)]
    (found,) = _asked(make, rng, texts)
    assert found.evidence["n_other"] == 30 and found.rows[0] == 10


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_finds_both_orders(make: MakeContext, rng: np.random.Generator, share: float) -> None:
    (found,) = _asked(make, rng, _written(rng, "%d/%m/%Y", "%m/%d/%Y", share))
    assert "both orders" in found.message and int(found.evidence["month_first"]) >= 3
    assert found.evidence["day_first"] > 0 and found.evidence["either"] > 0


def test_tells_that_the_order_shows_nowhere(make: MakeContext, rng: np.random.Generator) -> None:
    texts = [f"{rng.integers(1, 13):02d}/{rng.integers(1, 13):02d}/2020" for _ in range(600)]
    (found,) = _asked(make, rng, texts)
    assert found.severity is Severity.INFO and found.evidence["either"] == 600


def test_tells_of_rarer_formats_that_reading_found(make: MakeContext, rng: np.random.Generator) -> None:
    context = make(
        honest(rng).assign(day=pd.date_range("2020-01-01", periods=600)),
        "goal",
        specs={"day": {"formats": ("%Y-%m", "%b %Y", "%b %Y %H:%M")}},
    )
    (found,) = findings(DateFormats, _with_raw(context, _written(rng, "%Y-%m")))
    assert found.evidence["n_formats"] == 2


def _with_raw(context: AuditContext, texts: list[str]) -> AuditContext:
    return replace(context, raw={"day": np.array(texts, dtype=object)})


@pytest.mark.parametrize("style", ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%d %B %Y", "%Y%m%d"])
def test_one_style_is_quiet(make: MakeContext, rng: np.random.Generator, style: str) -> None:
    assert _asked(make, rng, _written(rng, style)) == []


def test_honest_look_alikes_are_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["timed"] = _written(rng, "%Y-%m-%d", "%Y-%m-%d %H:%M", 0.5)
    frame["months"] = [f"01/{m:02d}/2020" for m in rng.integers(1, 13, 600)]  # the first of every month
    frame["codes"] = [f"{v}" for v in rng.integers(20_000, 70_000, 600)]
    frame["ranges"] = rng.choice(["1-3", "4-6", "7-12"], 600)
    frame["versions"] = rng.choice(["1.2.3", "1.10.2", "2.0.1"], 600)
    slip = _written(rng, "%d/%m/%Y")
    slip[5] = "2019-01-06"
    frame["slip"] = slip
    kinds = dict.fromkeys(("timed", "months", "codes", "ranges", "versions", "slip"), Kind.CATEGORY)
    assert findings(DateFormats, make(frame, "goal", kinds=kinds)) == []


def test_styles_and_orders() -> None:
    assert style_of("31/12/2020") and not style_of("31/13/2020") and not style_of("2020-02-30")
    assert [order_of(t) for t in ("13/01/2020", "01/13/2020", "01/02/20", "2020-01-13")] == [
        "day",
        "month",
        "either",
        "",
    ]


def test_does_not_apply_without_texts(make: MakeContext, rng: np.random.Generator) -> None:
    assert DateFormats().check(make(honest(rng)[["height", "value"]], "value")) == "no column of texts may hold dates"
