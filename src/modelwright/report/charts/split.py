"""The diagram of the split: which rows trained, which chose, which measured."""

from __future__ import annotations

from markupsafe import Markup

from modelwright import format as fmt
from modelwright.frame.problem import Problem, SplitKind
from modelwright.report.charts.svg import el, text, title

__all__ = ["split_diagram"]

ROW = 22
GAP = 6
TOP = 26
# More folds than this are drawn as the first ones and a line that says how many there are.
MAX_FOLDS = 8
NARROW_LOCKBOX = 0.10


def split_diagram(problem: Problem, used: int | None = None) -> Markup:
    """Return the diagram. Positions are percentages, so that it fits a phone.

    ``used`` folds are drawn where there was no time for all of them; None: all.
    """
    in_time = problem.split in (SplitKind.TIME, SplitKind.GROUP_TIME)
    used = problem.n_folds if used is None else min(used, problem.n_folds)
    blocks = min(problem.n_folds, MAX_FOLDS)
    folds = min(used, blocks)
    # A small lockbox is drawn a little larger than it is, so that it can be seen and named.
    box = max(problem.holdout, NARROW_LOCKBOX) * 100 if problem.holdout > 0 else 0.0
    room = 100.0 - (box + 1.0 if box else 0.0)
    parts = [text("0", 16, "Rows the model learns from" if box else "All rows", class_="label")]
    for fold in range(folds):
        parts += _fold(fold, blocks, room, in_time)
    height = TOP + folds * (ROW + GAP)
    if box:
        parts.append(
            el(
                "rect",
                title(f"Lockbox: {fmt.share(problem.holdout)} of the rows, opened once, at the end"),
                x=f"{room + 1:.2f}%",
                y=TOP,
                width=f"{box:.2f}%",
                height=height - TOP - GAP,
                rx=3,
                class_="lockbox",
            )
        )
        parts.append(text("100%", 16, f"Lockbox, {fmt.share(problem.holdout)}", text_anchor="end", class_="label"))
    if in_time:
        parts.append(el("line", x1="0", x2="100%", y1=height + 4, y2=height + 4, class_="time-line"))
        parts.append(text("0", height + 20, "earlier", class_="tick"))
        parts.append(text("100%", height + 20, "later →", text_anchor="end", class_="tick"))
        height += 26
    of = "" if used == problem.n_folds else f", of which {used} were used"
    label = f"The split: {problem.n_folds} folds{of}" + (
        f" and a lockbox of {fmt.share(problem.holdout)}" if box else ""
    )
    return el("svg", title(label), *parts, class_="split", height=height, role="img", aria_label=label)


def _fold(fold: int, folds: int, room: float, in_time: bool) -> list[Markup]:
    """Return the blocks of one fold: going forward in time a fold learns from what lies before it only."""
    blocks = folds + 1 if in_time else folds
    width = room / blocks
    y = TOP + fold * (ROW + GAP)
    validates = fold + 1 if in_time else fold
    parts = []
    for block in range(blocks):
        if block == validates:
            role, what = "chooses", "chooses between candidates"
        elif in_time and block > validates:
            role, what = "unused", "not used in this fold: it lies in the future"
        else:
            role, what = "learns", "learned from"
        parts.append(
            el(
                "rect",
                title(f"Fold {fold + 1}: {what}"),
                x=f"{block * width:.2f}%",
                y=y,
                width=f"{max(width - 0.5, 0.5):.2f}%",
                height=ROW,
                rx=2,
                class_=f"block {role}",
            )
        )
    parts.append(
        text(
            f"{(validates + 0.5) * width - 0.25:.2f}%",
            y + 15,
            str(fold + 1),
            text_anchor="middle",
            class_="fold-number",
        )
    )
    return parts
