"""Does the audit find what is planted, and does it leave clean columns alone?

    python benchmarks/judgement/plant.py --data DATA --to OUT [--half report] [--each 3] [--only leaks,values]
    python benchmarks/judgement/plant.py --data DATA --to OUT --strengths engineer --each 3 --least 30

The second asks for defects of one strength, as many of every family as an interval of use needs.

DATA is a folder with an INDEX.csv that has the columns name, dir, main_file and target. Defects of every family
(`kinds.py`), at three strengths, are planted in public tables (`tables.py`: at most --rows rows as text, without the
columns that are traps already), each in a file of its own, and the audit is asked about the file. Tables, columns and
rows are drawn anew for each from one seed.

Found: a rule that counts for the defect (`kinds.py`) names a planted column; where the defect is in rows and the
finding gives examples, one of the planted rows is among them; a defect of the whole table is found by the rule alone.
A table whose unplanted audit says so already is not used for that defect. Loud: found by a warning, an error or a
finding that changes something. A false alarm: a warning, an error or an acting finding about a column in which nothing
was planted, and which the audit of the table before planting did not make. The last table is the audit of the tables
themselves: what of it is right has to be judged by hand.

The tables are divided by a hash of their names: thresholds are tuned on one half, figures are reported on the other.
Shares have Wilson's 95 % interval.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from asking import Answer, Told, ask, share_with_interval, write_results
from bed import MIN_ROWS, Bed, Planted
from kinds import KINDS, STRENGTHS, Kind
from tables import BASES, Entry, halves, load, read_index

FAMILIES = tuple(dict.fromkeys(k.family for k in KINDS))
SHORT = ("faint", "engineer", "blatant")  # the strengths, as the command line calls them
MOST_REPEATS = 40  # of a kind: a family of few kinds that --least asks for much of goes no further
TRIES = 12  # tables that are looked at for one plant before it is given up


def counts_for(told: Told, kind: Kind, planted: Planted, target: str) -> bool:
    """Return whether a finding is about what was planted."""
    if told.code not in kind.codes:
        return False
    if planted.rows and told.rows:
        return bool(set(told.rows) & set(planted.rows))
    others = set(told.columns) - {target}
    return not planted.columns or bool(set(planted.columns) & set(told.columns)) or not others


def false_alarms(after: Answer, before: Answer, kind: Kind, planted: Planted, target: str) -> list[tuple[str, str]]:
    """Return (code, column) of loud findings about columns that are clean and were not accused before."""
    known = {(t.code, c) for t in before.findings for c in t.columns}
    own = {*planted.columns, *planted.sources, target}
    return [
        (t.code, column)
        for t in after.findings
        if t.loud and not own & set(t.columns) and (planted.columns or t.code not in kind.codes)
        for column in t.columns
        if (t.code, column) not in known
    ]


class Bench:
    """Tables with the audits of themselves, made on first use."""

    def __init__(self, index: dict[str, Entry], most_rows: int, seed: int) -> None:
        self.index, self.most_rows, self.seed = index, most_rows, seed
        self.frames: dict[str, Any] = {}
        self.audits: dict[str, Answer] = {}

    def bed(self, name: str, rng: np.random.Generator) -> Bed:
        if name not in self.frames:
            self.frames[name] = load(self.index[name], most_rows=self.most_rows, seed=self.seed, without=BASES[name])
        return Bed(self.frames[name], self.index[name].target, rng)

    def before(self, name: str) -> Answer:
        if name not in self.audits:
            self.audits[name] = ask(self.bed(name, np.random.default_rng(0)).frame, self.index[name].target)
        return self.audits[name]


def one(bench: Bench, names: list[str], kind: Kind, strength: int, repeat: int) -> dict | None:
    """Plant once, in the first of some tables that allows it, and return how it went."""
    seed = [bench.seed, zlib.crc32(kind.name.encode()), strength, repeat]
    rng = np.random.default_rng(seed)
    # All strengths and repeats of a kind go through the tables in one order: as many different tables as there are.
    order = np.random.default_rng(seed[:2]).permutation(names).tolist()
    start = repeat * max(1, len(order) // 8) % len(order)
    for name in (order[start:] + order[:start])[:TRIES]:
        bed = bench.bed(name, rng)
        planted = kind.plant(bed, strength) if bed.n >= MIN_ROWS else None
        if planted is None:
            continue
        before, target = bench.before(name), bench.index[name].target
        unfit = [t for t in before.findings if t.code in kind.codes and counts_for(t, kind, planted, target)]
        if unfit:
            continue
        after = ask(planted.frame, target, test=planted.test)
        hits = [t for t in after.findings if counts_for(t, kind, planted, target)]
        alarms = false_alarms(after, before, kind, planted, target)
        return {
            "kind": kind.name,
            "family": kind.family,
            "strength": STRENGTHS[strength],
            "table": name,
            "columns": list(planted.columns),
            "found": bool(hits),
            "loud": any(t.loud for t in hits),
            "by": sorted({t.code for t in hits}),
            "said": sorted({f"{t.code}{list(t.columns[:3])}" for t in after.findings if t not in before.findings}),
            "alarms": alarms,
            "n_clean": planted.frame.shape[1] - 1 - len(planted.columns),
            "failed": list(after.failed),
            "refused": after.refused,
            "seconds": round(after.seconds, 2),
        }
    return None


def cell(rows: Iterable[dict], what: str = "found") -> str:
    chosen = list(rows)
    return share_with_interval(sum(r[what] for r in chosen), len(chosen))


def found_table(results: list[dict]) -> list[str]:
    """Return found by family and strength."""
    lines = ["| family | faint | an engineer would want to know | blatant | of these loud |", "|---|---|---|---|---|"]
    for family in (*FAMILIES, "all"):
        rows = [r for r in results if family in (r["family"], "all")]
        if rows:
            cells = [cell(r for r in rows if r["strength"] == s) for s in STRENGTHS]
            loud = cell((r for r in rows if r["strength"] != STRENGTHS[0]), "loud")
            lines.append(f"| {family} | {' | '.join(cells)} | {loud} |")
    return [*lines, "", "Loud: of the two stronger ones, found by a warning, an error or a finding that acts.", ""]


def kinds_table(results: list[dict]) -> list[str]:
    """Return found of planted by kind and strength, and which rules did."""
    lines = ["| defect | family | faint | engineer | blatant | found by |", "|---|---|---|---|---|---|"]
    for kind in KINDS:
        rows = [r for r in results if r["kind"] == kind.name]
        parts = [[r for r in rows if r["strength"] == s] for s in STRENGTHS]
        by = Counter(c for r in rows for c in r["by"])
        cells = [f"{sum(r['found'] for r in p)}/{len(p)}" if p else "–" for p in parts]
        told = ", ".join(f"{c} {n}" for c, n in by.most_common(4)) or "–"
        lines.append(f"| {kind.name} | {kind.family} | {' | '.join(cells)} | {told} |")
    return [*lines, ""]


def alarms_table(results: list[dict]) -> list[str]:
    """Return false alarms by rule, and the share of clean columns that were accused."""
    by: Counter[str] = Counter(code for r in results for code, _ in r["alarms"])
    accused = sum(len({c for _, c in r["alarms"]}) for r in results)
    clean = sum(r["n_clean"] for r in results)
    lines = [f"Clean columns accused: {accused} of {clean:,}, {share_with_interval(accused, clean)}.", ""]
    lines += ["| rule | false alarms | in plants of |", "|---|---|---|"]
    for code, n in by.most_common():
        where = Counter(r["kind"] for r in results for c, _ in r["alarms"] if c == code)
        lines.append(f"| {code} | {n} | {', '.join(f'{k} {m}' for k, m in where.most_common(5))} |")
    return [*lines, ""]


def clean_table(audits: dict[str, Answer], columns: dict[str, int]) -> list[str]:
    """Return warnings, errors and acting findings of the unplanted tables by rule."""
    loud: dict[str, list[str]] = defaultdict(list)
    accused: Counter[str] = Counter()
    for name, answer in sorted(audits.items()):
        for t in answer.findings:
            if t.loud:
                loud[f"{t.code} {t.severity}, {t.action}"].append(f"{name} {', '.join(t.columns[:3])}".strip())
                accused[f"{t.code} {t.severity}, {t.action}"] += len(t.columns)
    total = sum(columns.values())
    lines = [f"The audit of the {len(audits)} tables themselves ({total:,} columns), nothing planted:", ""]
    lines += ["| rule | findings | columns accused | where |", "|---|---|---|---|"]
    for key in sorted(loud):
        where = "; ".join(loud[key][:6]) + (" …" if len(loud[key]) > 6 else "")
        lines.append(f"| {key} | {len(loud[key])} | {accused[key]} ({accused[key] / total:.2%}) | {where} |")
    return [*lines, ""]


def main() -> None:
    """Plant, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True, help="folder for plant.json and plant.md")
    parser.add_argument("--half", choices=("tune", "report", "all"), default="report")
    parser.add_argument("--each", type=int, default=3, help="plants of each kind and strength")
    parser.add_argument("--least", type=int, default=0, help="a family goes on until it has so many of each strength")
    parser.add_argument("--strengths", default=",".join(SHORT), help="of the defects, separated by commas")
    parser.add_argument("--rows", type=int, default=5_000, help="most rows of a table")
    parser.add_argument("--only", default="", help="families or kinds, separated by commas")
    parser.add_argument("--minutes", type=float, default=60, help="no more defects are planted after so long")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    index = read_index(asked.data)
    names = halves([n for n in BASES if n in index], asked.half)
    bench = Bench(index, asked.rows, asked.seed)
    wanted = {w.strip() for w in asked.only.split(",") if w.strip()}
    chosen = [k for k in KINDS if not wanted or wanted & {k.family, k.name}]
    strengths = [SHORT.index(w.strip()) for w in asked.strengths.split(",")]
    started, results, given_up = time.perf_counter(), [], []
    # Repeat by repeat, so that a run that is cut off by --minutes has something of everything.
    for repeat in range(MOST_REPEATS if asked.least else asked.each):
        have = Counter((r["family"], r["strength"]) for r in results)
        for kind in chosen:
            for strength in strengths:
                late = time.perf_counter() - started > 60 * asked.minutes
                if late or (repeat >= asked.each and have[kind.family, STRENGTHS[strength]] >= asked.least):
                    continue
                found = one(bench, names, kind, strength, repeat)
                if found is None:
                    given_up.append(f"{kind.name}, {STRENGTHS[strength]}")
                    continue
                results.append(found)
                mark = "found" if found["found"] else "MISSED"
                print(
                    f"{time.perf_counter() - started:6.0f} s  {repeat + 1} {kind.name}, {SHORT[strength]}: {mark} in "
                    f"{found['table']} {', '.join(found['columns'])}",
                    flush=True,
                )
    for name in names if not wanted else ():
        bench.before(name)
    seconds = sum(r["seconds"] for r in results)
    columns = {name: bench.frames[name].shape[1] - 1 for name in bench.audits}
    lines = [
        f"# What the audit finds of what is planted ({asked.half} half, seed {asked.seed})",
        "",
        f"{len(results)} defects in {len({r['table'] for r in results})} tables of at most {asked.rows:,} rows, "
        f"{seconds / max(1, len(results)):.2f} s an audit. {len(given_up)} more found no table that could have them.",
        "",
        *found_table(results),
        *kinds_table(results),
        *alarms_table(results),
        *clean_table(bench.audits, columns),
    ]
    broken = Counter(f for r in results for f in r["failed"])
    refused = Counter(r["refused"] for r in results if r["refused"])
    lines += [f"Rules that crashed: {dict(broken) or 'none'}. Tables refused: {dict(refused) or 'none'}."]
    write_results(asked.to, "plant", {"results": results, "given_up": given_up, "half": asked.half}, lines)


if __name__ == "__main__":
    main()
