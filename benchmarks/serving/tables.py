"""Markdown tables of what was measured; they compute medians and ratios and nothing else."""

from __future__ import annotations

import statistics
from typing import Any

HEADER = (
    "| server | row p50 µs | row p99 µs | empty p50 µs | row / empty | requests/s | ours × as many | PSS MB | RSS MB "
    "| ready s |\n|---|---|---|---|---|---|---|---|---|---|"
)
OURS = "modelwright, trees"


def comparison(results: dict[str, Any]) -> str:
    """Return the tables of `compare`."""
    machine = results["machine"]
    lines = [
        f"{machine['cores']} cores, Python {machine['python']}, load before {machine['load_before']:.1f}; "
        f"medians over the rounds, ratios within a round.",
    ]
    for name, found in results["sets"].items():
        lines += ["", f"**{name}**", "", HEADER]
        ours = found["servers"].get(OURS, [])
        lines += [_row(about, rounds, ours) for about, rounds in found["servers"].items()]
        lines += [f"\n{peer} is left out: {why}" for peer, why in found["left out"].items()]
        clients = {tuple(r["clients"]) for rounds in found["servers"].values() for r in rounds if "clients" in r}
        lines += ["", "Clients of latency and of rate: " + "; ".join(", ".join(c) for c in sorted(clients))]
    return "\n".join(lines) + "\n"


def _row(about: str, rounds: list[dict[str, Any]], ours: list[dict[str, Any]]) -> str:
    if "ready_s" not in rounds[0]:
        row = [r["row_us"] for r in rounds]
        return f"| {about} | {_median(row, 'p50'):.0f} | {_median(row, 'p99'):.0f} | – | – | – | – | – | – | – |"
    row, empty = [r["row_us"] for r in rounds], [r["empty_us"] for r in rounds]
    times = statistics.median(a["p50"] / b["p50"] for a, b in zip(row, empty))
    more = [a["requests_per_s"] / b["requests_per_s"] for a, b in zip(ours, rounds)]
    cells = [
        about,
        f"{_median(row, 'p50'):.0f}",
        f"{_median(row, 'p99'):.0f}",
        f"{_median(empty, 'p50'):.0f}",
        f"{times:.2f}",
        f"{_median(rounds, 'requests_per_s'):,.0f}",
        f"{statistics.median(more):.1f}" if more else "–",
        f"{_median(rounds, 'pss_mb'):.0f}",
        f"{_median(rounds, 'rss_mb'):.0f}",
        f"{_median(rounds, 'ready_s'):.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _median(rounds: list[dict[str, Any]], key: str) -> float:
    return statistics.median(r[key] for r in rounds)
