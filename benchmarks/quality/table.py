"""Tables and diagrams of what `run` measured.

    python benchmarks/quality/table.py OUT [--systems modelwright,catboost] [--budget 60] [--of modelwright]

Writes OUT/table.md, and a critical-difference diagram for each budget and part. Sets that not all systems were measured
on are left out of ranks, and named. The score of a set is the mean over its seeds; who failed with one failed.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from diagram import OURS, draw
from metrics import NAMES, resampled
from ranking import Verdict, critical_difference, decide, duel, normalised, ranks
from results import Result, Store
from sets import Set, read_sets

TIMES = 1_000
"""Resamples of the test rows."""

ALLOWED = (1.03, 5.0)
"""Wall time that is allowed for a budget: this times it, and seconds more."""

PARTS = ("all", "develop", "held")
MARKS = {"win": "▲", "tie": "=", "loss": "▼"}


@dataclass(frozen=True)
class Board:
    """Everything of one budget: results by set and system, of the seeds that all systems have."""

    budget: int
    systems: tuple[str, ...]
    cells: Mapping[str, Mapping[str, tuple[Result, ...]]]
    incomplete: tuple[str, ...]

    def score(self, name: str, system: str) -> float | None:
        """Return the mean over the seeds, None where one failed."""
        scores = [r.score for r in self.cells[name][system]]
        known = [s for s in scores if s is not None]
        return statistics.fmean(known) if len(known) == len(scores) else None

    def results(self, names: Iterable[str], system: str) -> list[Result]:
        """Return what was measured of a system on some sets."""
        return [r for n in names for r in self.cells[n][system]]


def main(words: Sequence[str] | None = None) -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--systems", default="", help="those that are compared; all that were measured by default")
    parser.add_argument("--budget", type=int, help="seconds; all that were measured by default")
    parser.add_argument("--of", default=OURS, help="the system whose wins are counted")
    asked = parser.parse_args(words)
    store = Store(asked.out)
    budgets = sorted({r.budget for r in store.results.values()} if asked.budget is None else {asked.budget})
    parts = [_budget(board(store, b, asked.systems), asked.of, store) for b in budgets]
    text = "\n".join(parts)
    (asked.out / "table.md").write_text(text)
    print(text)


def board(store: Store, budget: int, systems: str = "") -> Board:
    """Return the results of a budget; of a set only seeds that all systems have, on the same files."""
    mine = [r for r in store.results.values() if r.budget == budget]
    names = tuple(filter(None, systems.split(","))) or tuple(dict.fromkeys(r.system for r in mine))
    runs: dict[str, dict[tuple[int, str], dict[str, Result]]] = {}
    for r in mine:
        if r.system in names:
            runs.setdefault(r.set, {}).setdefault((r.seed, r.split), {})[r.system] = r
    cells: dict[str, dict[str, tuple[Result, ...]]] = {}
    for name, seeds in sorted(runs.items()):
        whole = [by for by in seeds.values() if len(by) == len(names)]
        if whole:
            cells[name] = {s: tuple(by[s] for by in whole) for s in names}
    return Board(budget, names, cells, tuple(sorted(set(runs) - set(cells))))


def _budget(measured: Board, of: str, store: Store) -> str:
    sets = {s.name: s for s in read_sets()}
    lines = [f"# Budget {measured.budget} s", ""]
    lines.append("Versions: " + ", ".join(f"{s} {_version(measured, s)}" for s in measured.systems) + ".")
    if measured.incomplete:
        lines += ["", f"Left out, as not all systems were measured on them: {', '.join(measured.incomplete)}."]
    verdicts = {n: _verdicts(measured, n, of, store) for n in measured.cells}
    for part in PARTS:
        names = [n for n in measured.cells if part == "all" or sets[n].part == part]
        if names and len(measured.systems) > 1:
            lines += ["", *_summary(measured, names, part, of, verdicts)]
            means = _mean_ranks(measured, names)
            title = f"Mean rank on {len(names)} sets ({part}), {measured.budget} s"
            draw(means, len(names), title, store.folder / f"ranks-{measured.budget}s-{part}")
    lines += ["", *_sets(measured, sets, of, verdicts), "", *_trouble(measured, of)]
    return "\n".join(lines) + "\n"


def _version(measured: Board, system: str) -> str:
    found = {r.version for r in measured.results(measured.cells, system) if r.version}
    return " and ".join(sorted(found)) or "unknown"


def _mean_ranks(measured: Board, names: Sequence[str]) -> dict[str, float]:
    table = np.array([ranks([measured.score(n, s) for s in measured.systems]) for n in names])
    return dict(zip(measured.systems, table.mean(axis=0).tolist(), strict=True))


def _verdicts(measured: Board, name: str, of: str, store: Store) -> dict[str, Verdict]:
    """Return who won on a set: ``of`` against each of the others."""
    others = [s for s in measured.systems if s != of]
    if of not in measured.systems:
        return {}
    scores = {s: measured.score(name, s) for s in measured.systems}
    fit = [s for s in measured.systems if scores[s] is not None]
    drawn: dict[str, np.ndarray] = {}
    if of in fit:
        seeds = range(len(measured.cells[name][of]))
        mean = np.mean([_resampled(measured, name, i, fit, store) for i in seeds], axis=0)
        drawn = dict(zip(fit, mean, strict=True))
    return {s: decide(scores[of], scores[s], drawn[of] - drawn[s] if s in drawn else None) for s in others}


def _resampled(measured: Board, name: str, number: int, systems: Sequence[str], store: Store) -> np.ndarray:
    """Return scores on resampled test rows of one seed, the same rows for all systems: (n_systems, TIMES)."""
    results = [measured.cells[name][s][number] for s in systems]
    truth = pq.read_table(store.folder / "splits" / f"{name}-{results[0].seed}" / "truth.parquet").column("truth")
    tables = [pq.read_table(store.predictions(r.key)) for r in results]
    values = [t.to_pandas().to_numpy(dtype=float) for t in tables]
    return resampled(
        results[0].objective,
        np.asarray(truth.to_numpy()),
        values,
        tables[0].column_names,
        times=TIMES,
        seed=results[0].seed,
    )


def _summary(
    measured: Board, names: list[str], part: str, of: str, verdicts: Mapping[str, Mapping[str, Verdict]]
) -> list[str]:
    means = _mean_ranks(measured, names)
    good = np.array([normalised([measured.score(n, s) for s in measured.systems]) for n in names]).mean(axis=0)
    difference = critical_difference(len(measured.systems), len(names))
    lines = [
        f"## {part}: {len(names)} sets",
        "",
        f"Ranks differ beyond chance where they are {difference:.2f} apart. Wins, ties and losses are those of {of};",
        "ties are differences inside the noise of the test rows, and count half.",
        "",
        f"| system | mean rank | normalised score | {of} wins / ties / loses | share | failed | fit wall / budget, "
        "median (most) | whole wall / budget, median (most) | peak MB, median (most) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for system in sorted(measured.systems, key=lambda s: means[s]):
        results = measured.results(names, system)
        found = duel({n: verdicts[n][system] for n in names}) if system != of and of in measured.systems else None
        told = f"{found.wins} / {found.ties} / {found.losses} | {found.share:.0%}" if found else "– | –"
        lines.append(
            f"| {system} | {means[system]:.2f} | {good[measured.systems.index(system)]:.3f} | {told} "
            f"| {sum(r.score is None for r in results)} "
            f"| {_middle([r.fit_wall / r.budget for r in results if r.fit_wall is not None], '.2f')} "
            f"| {_middle([r.wall / r.budget for r in results], '.2f')} "
            f"| {_middle([r.peak_megabytes for r in results], '.0f')} |"
        )
    return lines


def _middle(values: Sequence[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({max(values):{form}})" if values else "–"


def _sets(
    measured: Board, sets: Mapping[str, Set], of: str, verdicts: Mapping[str, Mapping[str, Verdict]]
) -> list[str]:
    """Return a line a set; beside each score who won, and in bold the best."""
    others = [s for s in measured.systems if s != of]
    order = [s for s in measured.systems if s == of] + others
    lines = [
        "## Sets",
        "",
        f"▲ {of} is better than that system beyond noise, ▼ worse, = within noise. The smaller the better.",
        "",
        "| set | part | test | rows | seeds | metric | " + " | ".join(order) + " |",
        "|---|---|---|---|---|---|" + "---|" * len(order),
    ]
    for name, cells in measured.cells.items():
        scores = {s: measured.score(name, s) for s in order}
        best = min((v for v in scores.values() if v is not None), default=None)
        first = cells[order[0]]
        told = [_cell(scores[s], best, verdicts[name].get(s)) for s in order]
        test = sets[name].test.partition(":")[0]
        lines.append(
            f"| {name} | {sets[name].part} | {test} | {first[0].train_rows} | {len(first)} "
            f"| {NAMES[first[0].objective]} | " + " | ".join(told) + " |"
        )
    return lines


def _cell(value: float | None, best: float | None, verdict: Verdict | None) -> str:
    mark = f" {MARKS[verdict]}" if verdict else ""
    if value is None:
        return f"failed{mark}"
    return (f"**{value:.5g}**" if value == best else f"{value:.5g}") + mark


def _trouble(measured: Board, of: str) -> list[str]:
    """Return what went wrong: failures of all, and where our own budget was not kept."""
    factor, more = ALLOWED
    lines = ["## Failures, and budgets of ours that were not kept", ""]
    for system in measured.systems:
        for r in measured.results(measured.cells, system):
            if r.score is None:
                lines.append(f"- {r.set}, seed {r.seed}, {system}: {r.error.replace('|', '/')[-160:]}")
            elif system == of and r.fit_wall is not None and r.fit_wall > factor * r.budget + more:
                lines.append(f"- {r.set}, seed {r.seed}, {system}: {r.fit_wall:.1f} s at a load of {r.load:.1f} before")
    return lines if len(lines) > 2 else [*lines, "None."]


if __name__ == "__main__":
    main()
