"""What names say of the event that the target tells of."""

from __future__ import annotations

import pytest

from modelwright.audit.events import same_event

FLIGHTS = [
    "year", "month", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay", "carrier",
    "flight", "air_time", "distance", "hour", "minute", "time_hour",
]  # fmt: skip


def test_what_happened_is_told_from_what_was_planned() -> None:
    found = same_event(FLIGHTS, "arr_delay")
    assert list(found) == ["dep_time", "arr_time", "air_time"]
    assert found["arr_time"] == "'sched_arr_time' says what was planned, so it says what happened"
    assert "how long something took, or when it happened, which is known" in found["air_time"]


def test_the_event_is_enough_without_a_plan() -> None:
    names = ["arr_time", "arr_airport", "air_time", "carrier"]
    assert set(same_event([*names, "arr_delay"], "arr_delay")) == {"arr_time", "air_time"}
    assert set(same_event([*names, "ArrDelay"], "ArrDelay")) == {"arr_time", "air_time"}


@pytest.mark.parametrize(
    ("names", "target"),
    [
        (["time", "sched_time", "hour"], "delay"),
        (["lead_time", "prep_time", "distance"], "late"),
        (["arr_airport", "arr_planned_time", "sched_arr_time"], "arr_delay"),
        (["trip_distance", "trip_type", "trip_start_time"], "trip_duration"),
        (["loan_amount", "loan_date"], "loan_status"),
        (["day_of_week", "day_time"], "day_delay"),
        ([], "delay"),
        (["", "a"], ""),
    ],
)
def test_innocent_names(names: list[str], target: str) -> None:
    assert same_event([*names, target], target) == {}
