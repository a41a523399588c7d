"""The critical-difference diagram: systems along an axis of mean ranks, those that do not differ joined by a bar."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ranking import cliques, critical_difference

__all__ = ["draw"]

WIDTH = 8.0
LINE = 0.28
OURS = "modelwright"


def draw(means: Mapping[str, float], sets: int, title: str, path: Path) -> None:
    """Draw mean ranks over so many sets and write them as PNG and as SVG, beside each other.

    Parameters
    ----------
    path
        Of the files, without the suffix.
    """
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    names = sorted(means, key=lambda n: means[n])
    values = [means[n] for n in names]
    difference = critical_difference(len(names), sets)
    joined = cliques(values, difference)
    half = (len(names) + 1) // 2
    floor = -(len(joined) + 1) * LINE
    figure, axes = pyplot.subplots(figsize=(WIDTH, 1.3 + LINE * (half + len(joined) + 2)))
    axes.set_axis_off()
    axes.hlines(0, 1, len(names), color="black", linewidth=1)
    for tick in range(1, len(names) + 1):
        axes.vlines(tick, 0, 0.1, color="black", linewidth=1)
        axes.text(tick, 0.15, str(tick), ha="center", va="bottom", fontsize=9)
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        left = place < half
        height = floor - LINE * (place if left else len(names) - 1 - place)
        end = 0.6 if left else len(names) + 0.4
        axes.plot([value, value, end], [0, height, height], color="black", linewidth=0.8)
        axes.text(
            end + (-0.05 if left else 0.05),
            height,
            f"{name}  {value:.2f}" if left else f"{value:.2f}  {name}",
            ha="right" if left else "left",
            va="center",
            fontsize=9,
            weight="bold" if name == OURS else "normal",
        )
    for number, (first, last) in enumerate(joined):
        axes.hlines(-LINE * (number + 1), values[first] - 0.04, values[last] + 0.04, color="black", linewidth=3)
    axes.hlines(0.75, 1, 1 + difference, color="tab:red", linewidth=2)
    axes.text(1 + difference + 0.1, 0.75, f"critical difference {difference:.2f}", va="center", fontsize=9)
    axes.set_title(title, fontsize=10, pad=12)
    axes.set_xlim(-1.5, len(names) + 2.5)
    for suffix in (".png", ".svg"):
        figure.savefig(path.with_name(path.name + suffix), bbox_inches="tight", dpi=150)
    pyplot.close(figure)
