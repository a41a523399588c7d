"""What the measures by group are called, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RATES", "Named"]


@dataclass(frozen=True)
class Named:
    """A measure in words: title, what it is, and what it is called within a sentence."""

    title: str
    says: str
    noun: str


RATES = {
    "event_rate": Named("Event rate", "share of the group that has the event, in truth", "event rate"),
    "selection_rate": Named("Selection rate", "share of the group that is flagged", "selection rate"),
    "true_positive_rate": Named(
        "Found", "of those with the event, the share that is flagged", "share of events that are found"
    ),
    "false_positive_rate": Named(
        "False alarms", "of those without the event, the share that is flagged", "rate of false alarms"
    ),
    "precision": Named(
        "Flags right", "of those flagged, the share that has the event", "share of flags that are right"
    ),
    "observed_over_predicted": Named(
        "Came true", "events that came, over those that the chances promise", "share of promised events that came true"
    ),
    "accuracy": Named("Accuracy", "share of the group that is given the right class", "accuracy"),
    "mean_absolute_error": Named("Mean error", "how far predictions of the group are off", "mean error"),
    "mean_error": Named(
        "Too high by",
        "mean of prediction minus truth: below 0 the group is predicted too low",
        "mean excess of the predictions",
    ),
}
