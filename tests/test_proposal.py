"""What the proposal chooses to show of the findings and figures."""

from documents.maker import make_plan

from prefab.proposal import make_proposal
from prefab.results import Finding

FINDINGS = (
    Finding("contingencies", "site", True, 0.0, 0.0, "modules", "<="),
    Finding("contingencies", "CTL-A1", True, 10.0, 10.0, "points", "<="),
    Finding("contingencies", "GEN-01", True, 1900.0, 2000.0, "kW", "<="),
    Finding("boundary", "Road 1", True, 0.0, 0.0, "mm", ">="),
    Finding("boundary", "POD-01", True, 6000.0, 5000.0, "mm", ">="),
    Finding("schedule", "site", True, 2.0, 2.0, "at once", "<="),
    Finding("schedule", "phase First", True, 80.0, 100.0, "days", "<="),
)


def tightest(findings):
    rows = make_proposal(make_plan(), findings).compliance
    return {row.tightest.rule: row.tightest.where for row in rows if row.tightest}


def test_compliance_shows_the_margin_that_matters():
    assert tightest(FINDINGS) == {"contingencies": "GEN-01", "boundary": "POD-01", "schedule": "phase First"}


def test_what_is_broken_comes_before_any_margin():
    broken = Finding("contingencies", "B01-POD-01", False, 1.0, 0.0, "modules", "<=")
    assert tightest((*FINDINGS, broken))["contingencies"] == "B01-POD-01"


def test_curves_are_given_as_their_points():
    values = {(a.subject, a.figure): a.value for a in make_proposal(make_plan(), FINDINGS).assumptions}
    assert all(":" in value for (_, figure), value in values.items() if figure.endswith("losses.points"))
