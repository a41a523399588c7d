"""The section on privacy: what was done, in words, and what attacks came to."""

from __future__ import annotations

from modelwright import format as fmt
from modelwright.data.treating.treatment import ACTIONS, Action, Treatment
from modelwright.evaluate.measurements import Attack, Measurement, Membership
from modelwright.govern.privacy.documents import ColumnPrivacy, Privacy
from modelwright.report.html import environment
from modelwright.report.privacy import done_to, section

AUC = Measurement(name="membership_auc", value=0.62, low=0.58, high=0.66, n=900, method="DeLong")
CAUGHT = Measurement(name="membership_caught", value=0.04, low=0.02, high=0.07, n=900, method="bootstrap")
MEMBERSHIP = Membership(
    attacks=(Attack(name="loss", auc=AUC, caught=CAUGHT),), most=0.6, asked=False, notes=("rows are few",)
)
PRIVACY = Privacy(
    policy="gdpr",
    title="GDPR",
    basis="Regulation (EU) 2016/679",
    k=5,
    columns=(
        ColumnPrivacy(column="<mail>", datum="email", action="drop", why="it says so", decided_by="policy"),
        ColumnPrivacy(
            column="age",
            datum="age",
            action="bucket:10",
            why="the brief says so",
            decided_by="user",
            treatment=Treatment(action=Action.BUCKET, size=10.0),
        ),
        *(
            ColumnPrivacy(
                column=name,
                datum="",
                action="clip",
                why="few rows share them",
                decided_by="policy",
                treatment=Treatment(action=Action.CLIP, low=1.0),
            )
            for name in ("pay", "debt")
        ),
    ),
    kept=("city",),
    judged=(
        ColumnPrivacy(column="since", datum="date", action="keep", why="its values are dates", decided_by="policy"),
    ),
    others=("plan", "tenure"),
    subject="customer",
    suppressed=3,
)


def shown(privacy, membership) -> str:
    return environment().get_template("sections/privacy.html").render(private=section(privacy, membership))


def test_every_action_has_words():
    for action, bounds in ACTIONS.items():
        if action is not Action.KEEP:
            assert done_to(action.value if bounds is None else f"{action.value}:3")
    assert done_to("pool") and done_to("clip")


def test_the_section_says_what_was_done():
    text = shown(PRIVACY, MEMBERSHIP)
    for said in (
        "Under the policy GDPR, 1 column was dropped and 3 columns changed",
        "in steps of 10",
        "&lt;mail&gt;",
        "<code>city</code>",
        "The ends of the range are cut: <code>pay</code>, <code>debt</code>.",
        "5 rows at least",
        "<code>since</code> (dates) is kept as it is: its values are dates.",
        "Nothing personal was found in 2 other columns",
        "3 rows left out",
        "0.62 (0.58 to 0.66)",
        "Rows are few.",
    ):
        assert said in text, said


def test_attacks_alone_and_nothing():
    text = shown(None, MEMBERSHIP)
    assert "No privacy policy was asked for." in text and fmt.measured(CAUGHT) in text
    assert shown(None, None).strip() == "" and section(None, None) is None
