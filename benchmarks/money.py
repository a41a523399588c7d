"""Do decisions under a payoff earn more, and do the intervals around what they earn hold?

    python benchmarks/money.py --data DATA [--rows 1000] [--seeds 5] [--only adult,diamonds] [--worlds 400]

DATA is a folder with an INDEX.csv that has the columns name, dir, main_file and target. From each set rows are drawn,
anew by every seed; decisions are settled on out-of-fold predictions of boosted trees (`uncertainty/drawing.py`) and
counted on rows held out, up to 3,000. Money is per 1,000 cases, the mean over the draws; in brackets the share of draws
in which the decision earned more than the same model without the payoff.

- Two classes: a found event brings 10, a false alarm costs 1. Without the payoff: acting from one half on. With a
  capacity of a twentieth: the share that was acted on, and what as many taken blindly bring.
- More classes: right brings 1, wrong costs 1, taking the first class for the second costs 20. Without: the most likely.
- Values: a unit too high costs 1, one too low 4. Without: the prediction as it is. The truth should be below the
  decision in four fifths of the cases.

Last, in made-up worlds in which the truth is known: of nominal 95 % intervals of what a model brings, how many hold it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "uncertainty"))
sys.path.insert(0, str(Path(__file__).parent / "judgement"))
from drawing import CLASSES, VALUES, Draw, draw
from tables import read_index

from modelwright.data.contract import Contract
from modelwright.evaluate.calibration import fit_calibrator
from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.money.counting import money
from modelwright.evaluate.money.deciding import Asking, Capacity, decide
from modelwright.evaluate.money.payoffs import Payoff, read_payoff

HIT, ALARM = 10.0, -1.0
PLACES = 20
EVENTS = (0.02, 0.05, 0.2)
WORLD_ROWS = (300, 1000)


def settled(found: Draw, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return calibrated predictions out of fold and held out."""
    if not found.n_classes:
        return found.oof, found.held
    calibrator, _ = fit_calibrator(found.y, found.oof, metric="log_loss", seed=seed)
    return calibrator(found.oof), calibrator(found.held)


def payoff_for(n_classes: int) -> tuple[Payoff, str]:
    if not n_classes:
        return read_payoff({"over": -1, "under": -4}, ()), "as predicted"
    names = tuple(f"class {i}" for i in range(n_classes))
    if n_classes == 2:
        return read_payoff({"tp": HIT, "fp": ALARM}, names), "one half"
    return read_payoff({"right": 1, "wrong": -1, "class 0>class 1": -20}, names), "most likely"


def counted(found: Draw, seed: int) -> dict[str, float]:
    """Return what a draw brings per row: decided, without the payoff, and what else there is to say of it."""
    oof, held = settled(found, seed)
    payoff, _ = payoff_for(found.n_classes)
    decided = decide(found.y, oof, Asking(payoff=payoff))
    y = found.held_y
    plain = held[:, 0] if not found.n_classes else held.argmax(axis=1)
    told = {
        "decided": payoff.of_decisions(y, decided(held)).mean(),
        "without": payoff.of_decisions(y, plain).mean(),
    }
    if not found.n_classes:
        return told | {"below": float(np.mean(y <= decided(held)))}
    if found.n_classes > 2:
        return told
    room = Capacity(most=1, cases=PLACES, period="day")
    few = decide(found.y, oof, Asking(payoff=payoff, capacity=room)).done(held)
    every = payoff.of_decisions(y, np.ones(len(y))).mean()
    none = payoff.of_decisions(y, np.zeros(len(y))).mean()
    return told | {
        "acted": float(few.mean()),
        "few": payoff.of_decisions(y, few).mean(),
        "blindly": few.mean() * every + (1 - few.mean()) * none,
    }


def line(name: str, rows: list[dict[str, float]], n_classes: int) -> str:
    mean = {key: float(np.mean([r[key] for r in rows])) for key in rows[0]}
    more = np.mean([r["decided"] > r["without"] for r in rows])
    cells = [name, payoff_for(n_classes)[1], f"{1000 * mean['decided']:,.0f}"]
    cells.append(f"{1000 * mean['without']:,.0f} ({more:.0%})")
    cells.append(f"{mean['below']:.1%}" if "below" in mean else "")
    if "few" in mean:
        cells += [f"{mean['acted']:.1%}", f"{1000 * mean['few']:,.0f}", f"{1000 * mean['blindly']:,.0f}"]
    else:
        cells += ["", "", ""]
    return "| " + " | ".join(cells) + " |"


def covered(share: float, n: int, worlds: int) -> tuple[float, float]:
    """Return of how many worlds the interval holds what acting on every second case brings; and its mean width."""
    rng = np.random.default_rng([n, round(1000 * share)])
    held, width = [], []
    for seed in range(worlds):
        event, acted = rng.random(n) < share, rng.random(n) < 0.5
        rows = np.where(acted, np.where(event, HIT, ALARM), 0.0)
        empty = Evidence(
            y=event.astype(float),
            prediction=np.zeros((n, 2)),
            columns={},
            contract=Contract(columns=(), rows_seen=n),
            measured_on="",
        )
        found = money("value", rows, empty, "", seed)
        truth = 0.5 * (share * HIT + (1 - share) * ALARM)
        if found.low is not None and found.high is not None:
            held.append(found.low <= truth <= found.high)
            width.append(found.high - found.low)
    return float(np.mean(held)), float(np.mean(width))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--only", default=",".join(CLASSES + VALUES))
    args = parser.parse_args()
    known = read_index(args.data)
    head = ("set", "without", "decided", "without (more)", "truth below", "acted", "with capacity", "blindly")
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for name in (n for n in args.only.split(",") if n in known):
        draws = [draw(known[name], args.rows, seed) for seed in range(args.seeds)]
        rows = [counted(found, seed) for seed, found in enumerate(draws)]
        print(line(name, rows, draws[0].n_classes), flush=True)
    print("\n| events | rows | intervals that hold the truth | mean width |\n|---|---|---|---|")
    for share in EVENTS if args.worlds else ():
        for n in WORLD_ROWS:
            held, width = covered(share, n, args.worlds)
            print(f"| {share:.0%} | {n:,} | {held:.1%} | {width:.3f} |", flush=True)


if __name__ == "__main__":
    main()
