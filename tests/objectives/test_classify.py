import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright import objectives
from modelwright.brief import Brief
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.errors import DataError, UsageError
from modelwright.objectives.classify.encoding import sort_classes
from modelwright.objectives.classify.events import choose_event

CLASSIFY = objectives.get("classify")
CATEGORY = ColumnSpec(name="target", kind=Kind.CATEGORY)
NUMBER = ColumnSpec(name="target", kind=Kind.NUMBER)


def _encode(values, spec=CATEGORY, **brief):
    column = np.asarray(values, dtype=float) if spec.kind.numeric else Strings.from_values(values)
    return CLASSIFY.encode(column, spec, Brief(**brief))


@pytest.mark.parametrize(
    ("classes", "counts", "event"),
    [
        (("no", "yes"), (10, 90), "yes"),
        (("No", "Yes"), (90, 10), "Yes"),
        (("0", "1"), (3, 7), "1"),
        (("Ja", "Nein"), (60, 40), "Ja"),
        (("j", "n"), (60, 40), "j"),
        (("oui", "non"), (60, 40), "oui"),
        (("N", "S"), (60, 40), "S"),
        (("positiv", "negativ"), (60, 40), "positiv"),
        (("-1", "1"), (3, 7), "1"),
        (("0.0", "1.0"), (3, 7), "1.0"),
        (("'-1'", "'1'"), (98, 2), "'1'"),
        (("1", "2"), (225, 81), "2"),
        (("bad", "good"), (30, 70), "bad"),
        (("ham", "spam"), (48, 7), "spam"),
        (("benign", "malignant"), (3, 9), "malignant"),
        (("<=50K", ">50K"), (76, 24), ">50K"),
        (("false", "true"), (1, 9), "true"),
        (("f", "t"), (1, 9), "t"),
        (("n", "y"), (1, 9), "y"),
        (("f", "m"), (60, 40), "m"),
        (("not_paid", "paid"), (20, 80), "paid"),
        (("no churn", "churn"), (80, 20), "churn"),
        (("left", "right"), (60, 40), "right"),
        (("CH", "MM"), (653, 417), "MM"),
        (("alive", "dead"), (5, 5), "dead"),
    ],
)
def test_event_by_words_codes_or_rarity(classes, counts, event):
    found = choose_event(classes, counts, None)
    assert found.name == event
    assert found.decided_by == "default"
    assert choose_event(classes[::-1], counts[::-1], None).name == event


def test_event_of_the_brief_wins_and_reasons_say_so():
    y, classes = _encode(["yes"] * 3 + ["no"] * 7, positive="NO")
    assert classes == ("yes", "no")
    assert y.tolist() == [0.0] * 3 + [1.0] * 7
    (reason,) = CLASSIFY.reasons(y, classes, Brief(positive="NO"))
    assert (reason.question, reason.value, reason.decided_by) == ("positive class", "no", "user")
    assert "70.0%" in reason.why


def test_event_by_rarity_is_explained_with_the_share():
    y, classes = _encode(["CH"] * 6 + ["MM"] * 4)
    (reason,) = CLASSIFY.reasons(y, classes, Brief())
    assert classes == ("CH", "MM")
    assert "rarer class (40.0% of the rows" in reason.why


def test_reason_stays_true_when_rows_were_left_out_since():
    y = np.array([0.0] * 3 + [1.0] * 5)
    (reason,) = CLASSIFY.reasons(y, ("CH", "MM"), Brief())
    assert reason.value == "MM"
    assert "table as read" in reason.why


def test_numbers_sort_as_numbers_and_missing_stays_missing():
    y, classes = _encode([10, 2, np.nan, 1, 10, 2, 1, np.inf], NUMBER)
    assert classes == ("1", "2", "10")
    np.testing.assert_array_equal(y, [2, 1, np.nan, 0, 2, 1, 0, np.nan])
    assert sort_classes(["10", "9", "b"]) == ["10", "9", "b"]
    assert sort_classes(["b", "A", "c"]) == ["A", "b", "c"]


def test_booleans_keep_the_words_of_the_source():
    tokens = {"true_tokens": ("yes", "y"), "false_tokens": ("no", "n")}
    spec = ColumnSpec(name="t", kind=Kind.BOOLEAN, levels=("No", "Yes"), **tokens)
    assert _encode([0, 1, 0, 1], spec)[1] == ("No", "Yes")
    assert _encode([0, 1, 0, 1], ColumnSpec(name="t", kind=Kind.BOOLEAN, **tokens))[1] == ("no", "yes")
    assert _encode([0, 1, 0, 1], ColumnSpec(name="t", kind=Kind.BOOLEAN, storage="bool"))[1] == ("False", "True")


def test_positive_may_be_any_spelling_but_never_another_sign():
    assert _encode(["Good risk", "bad"] * 3, positive="GOOD-RISK.")[1] == ("bad", "Good risk")
    assert _encode(["<=50K", ">50K"] * 3, positive=">50K.")[1] == ("<=50K", ">50K")
    with pytest.raises(UsageError, match="MW-U302"):
        _encode(["<50K", "other"] * 3, positive=">50K")


@pytest.mark.parametrize(
    ("values", "spec", "code"),
    [
        ([None, None], CATEGORY, "MW-D302"),
        (["a"] * 4, CATEGORY, "MW-D303"),
        ([7.0, np.nan, 7.0], NUMBER, "MW-D303"),
        ([f"id{i}" for i in range(9)], CATEGORY, "MW-D304"),
        (["a", "a", "b"], CATEGORY, "MW-D304"),
        ([1.0, 2.0, 3.0], ColumnSpec(name="target", kind=Kind.DATETIME), "MW-D301"),
    ],
)
def test_nothing_to_learn_is_refused(values, spec, code):
    with pytest.raises(DataError, match=code) as error:
        _encode(values, spec)
    assert "'target'" in error.value.what


def test_positive_must_be_one_of_two_classes():
    with pytest.raises(UsageError, match=r"'yess', which is no class .* did you mean 'yes'\? .* MW-U302"):
        _encode(["yes", "no"] * 3, positive="yess")
    with pytest.raises(UsageError, match="MW-U303"):
        _encode(["a", "b", "c"] * 3, positive="a")
    assert _encode([0.0, 1.0] * 3, NUMBER, positive="0.0")[1] == ("1", "0")


def test_default_metric_follows_number_of_classes_and_rarity():
    assert CLASSIFY.default_metric(np.array([0.0, 1.0] * 9), ("a", "b"))[0] == "roc_auc"
    name, why = CLASSIFY.default_metric(np.r_[np.zeros(999), 1.0], ("a", "b"))
    assert name == "pr_auc"
    assert "0.10%" in why
    assert CLASSIFY.default_metric(np.array([0.0, 1.0, 2.0] * 9), ("a", "b", "c"))[0] == "log_loss"


def test_scarcest_is_the_second_largest_class():
    assert CLASSIFY.scarcest(np.array([0.0] * 8 + [1.0] * 5 + [2.0]), ("a", "b", "c")) == 5


@given(st.lists(st.sampled_from(["a", "B", "b", "10", "9", "yes", None, "é", " "]), min_size=1, max_size=60))
def test_encoding_gives_back_every_value(values):
    try:
        y, classes = _encode(values)
    except DataError:
        return
    back = [None if np.isnan(v) else classes[int(v)] for v in y]
    assert back == values
