"""What the proposal chooses to show of the findings and figures."""

from datetime import timedelta

from documents.maker import make_plan, two_demands_proposal

from prefab.brief import Factory, Prefer, Works
from prefab.connection import Bridge, GridStep
from prefab.documents.labels import result_of
from prefab.documents.pdf_commercial import _proof
from prefab.market import Tariff
from prefab.proposal import _FAMILIES, _value, make_proposal
from prefab.reliability import make_reliability
from prefab.resilience import class_of, make_resilience
from prefab.results import Finding
from prefab.rules import RULES, boundary, grid_obligations, interruptible, schedule
from prefab.rules.walk import walk

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


def test_a_rule_that_asks_nothing_is_neither_kept_nor_broken():
    broken = Finding("boundary", "POD-02", False, 1.0, 0.0, "mm", ">=")
    rows = {r.title: r for r in make_proposal(make_plan(), (*FINDINGS, broken)).compliance}
    said = {rule: (rows[rule.TITLE].kept, result_of(rows[rule.TITLE])) for rule in RULES}
    assert said[schedule] == (True, "kept")
    assert said[boundary] == (False, "NOT KEPT")
    assert said[grid_obligations] == said[interruptible] == (None, "nothing asked")


def test_what_is_broken_comes_before_any_margin():
    broken = Finding("contingencies", "B01-POD-01", False, 1.0, 0.0, "modules", "<=")
    assert tightest((*FINDINGS, broken))["contingencies"] == "B01-POD-01"


def test_curves_are_given_as_their_points():
    values = {(a.subject, a.figure): a.value for a in make_proposal(make_plan(), FINDINGS).assumptions}
    assert all(":" in value for (_, figure), value in values.items() if figure.endswith("losses.points"))


def test_each_module_shows_its_main_figures_with_their_basis():
    plan = make_plan()
    made = make_proposal(plan, FINDINGS)
    for module in plan.modules:
        own = {a.figure: a for a in made.assumptions if a.subject == module.sku}
        assert {"price.amount", "deployment.lead_weeks", "size and mass"} <= set(own)
        assert len(own) <= 8
        for figure, row in own.items():
            assert row.value, (module.sku, figure)
            assert row.basis == module.source_of(figure.replace("size and mass", "length_mm")).basis
    assert any("losses.points" in a.figure for a in made.assumptions)


def test_a_table_of_prices_is_told_by_its_ends():
    plan = make_plan()
    tariff = Tariff(
        **{
            **plan.tariff.model_dump(),
            "month_hour_usd_per_kwh": ((0.02,) + (0.1,) * 22 + (0.3,),) * 12,
            "provenance": (
                *plan.tariff.model_dump()["provenance"],
                {"of": "month_hour_usd_per_kwh", "source": "x", "basis": "judgement"},
            ),
        }
    )
    made = make_proposal(plan.model_copy(update={"tariff": tariff}), FINDINGS)
    (row,) = [a for a in made.assumptions if a.figure == "month_hour_usd_per_kwh"]
    assert row.value == "288 values, 0.02 to 0.3"


def test_equipment_runs_from_the_utility_to_the_block():
    skus = [row.sku for row in make_proposal(make_plan(), FINDINGS).equipment]
    order = [skus.index(s) for s in ("TXM-20", "MVS-10", "GEN-2000", "FTK-030", "BES-4000", "POD-1000", "UPS-800")]
    assert order == sorted(order)


def test_every_family_of_the_catalog_has_its_place_in_the_equipment_list(catalog):
    assert {m.family for m in catalog.modules} <= set(_FAMILIES)


def test_a_figure_with_cases_says_them_once():
    made = make_proposal(make_plan(), FINDINGS)
    shown = [a for a in made.assumptions if a.figure == "realisation_frac"]
    card = make_plan().workload
    assert not shown or shown[0].value.count(" to ") == 1
    assert _value(card, "realisation_frac").startswith(f"{card.realisation_frac.base:g} (")


def test_both_answers_on_dependability_are_worked_out_once_and_carried(edge_plan):
    made = make_proposal(edge_plan, FINDINGS).dependability
    assert made.resilience == make_resilience(edge_plan)
    assert made.reached == class_of(made.resilience)
    worst = {}
    for s in make_reliability(edge_plan):
        worst[s.subsystem] = min(worst.get(s.subsystem, 1.0), s.availability_frac)
    assert {w.found.subsystem: w.found.availability_frac for w in made.availability} == worst
    assert all(w.downtime_low_h < w.found.downtime_h < w.downtime_high_h for w in made.availability)


def test_availability_is_left_out_with_its_reason():
    made = make_proposal(make_plan(), FINDINGS).dependability
    assert made.availability == ()
    assert "basis.availability: missing" in made.left_out
    assert made.resilience


def test_a_share_without_a_band_has_no_range(edge_plan):
    kept = tuple(p for p in edge_plan.basis.provenance if p.of != "availability.common_cause_frac")
    plan = edge_plan.model_copy(update={"basis": edge_plan.basis.model_copy(update={"provenance": kept})})
    for worst in make_proposal(plan, FINDINGS).dependability.availability:
        assert worst.downtime_low_h == worst.found.downtime_h == worst.downtime_high_h


def test_a_margin_of_preference_is_said_and_what_is_paid_is_printed():
    plan = make_plan()
    prefer = Prefer(makers=("Ours", "Theirs"), margin_frac=0.05)
    asked = plan.model_copy(
        update={
            "brief": plan.brief.model_copy(update={"prefer": prefer}),
            "sized": plan.sized.model_copy(update={"real_usd": 10_500}),
        }
    )
    said = "with a margin of preference of 5 % for Ours, Theirs"
    assert said not in dict(make_proposal(plan, ()).answers)["What do I buy?"]
    assert "preference" not in _proof(make_proposal(plan, ()))
    assert said in dict(make_proposal(asked, ()).answers)["What do I buy?"]
    proof = _proof(make_proposal(asked, ()))
    assert proof.startswith(f"10,500 USD of modules, freight and installation (compared as 11,000 USD, {said}), proved")


def test_the_answer_on_tokens_says_of_which_demand_they_are_not_comparable():
    answer = dict(two_demands_proposal().answers)["What does it yield?"]
    first, _, second = answer.partition(" learn: ")
    assert " of ask at the site's PUE 1." in first
    assert "Not comparable" not in first
    assert "Not comparable: no token figure of T1" in second


def test_slots_of_factories_are_an_assumption_named_or_not():
    def said(plan):
        return {a.figure: a for a in make_proposal(plan, FINDINGS).assumptions if a.subject == "brief"}

    plan = make_plan()
    assert said(plan)["works.factory"].value == "no slots named"
    assert "their makers must confirm" in said(plan)["works.factory"].note
    works = Works(crane_crews=2, factory=(Factory(family="power", modules_per_week=1.5),))
    named = said(plan.model_copy(update={"brief": plan.brief.model_copy(update={"works": works})}))
    assert named["works.factory"].value == "power 1.5 a week"
    assert named["works.crane_crews"].value == "2 (design basis 1)"


def test_a_connection_in_steps_is_an_assumption_by_phase():
    """What each phase draws of its step, what sets give until the next one and what is called off of it."""

    def said(**grid):
        plan = make_plan()
        asked = plan.brief.grid.model_copy(update=grid)
        plan = plan.model_copy(update={"brief": plan.brief.model_copy(update={"grid": asked})})
        made = make_proposal(plan, FINDINGS)
        rows = [(a.figure, a.value, a.note) for a in made.assumptions if a.figure.startswith("grid.")]
        return plan, rows, [n for n in made.projection.notes if n.startswith("Grid:")]

    assert said()[1:] == ([], [])
    plan, *_ = said()
    drawn, day = walk(plan, 0).import_kw / 1000, plan.brief.phases[0].energised_by
    series = (
        GridStep(since=day, firm_mw=drawn - 0.5, interruptible_mw=0.2),
        GridStep(since=day + timedelta(900), firm_mw=plan.brief.grid.capacity_mw),
    )
    plan, rows, notes = said(series=series, interruption_h=3.0, bridge=Bridge(allowed=True))
    first = plan.brief.phases[0].name
    values = {value for _, value, _ in rows}
    assert f"{first}: sets give up to 0.3 MW without limit of hours" in values
    assert f"{first}: sets carry up to 0.5 MW for 3 h" in values
    assert any(f"0.2 MW interruptible from {day}" in value for value in values)
    assert any(note.endswith(f"gives from {day} on.") or "until then it waits" in note for _, _, note in rows)
    assert "are not priced" in notes[0]
    late = (GridStep(since=day + timedelta(900), firm_mw=plan.brief.grid.capacity_mw),)
    _, rows, _ = said(series=late, interruption_h=None, bridge=Bridge(allowed=True))
    assert any("of 0 MW" in value and f"before {day + timedelta(900)}" in note for _, value, note in rows)
