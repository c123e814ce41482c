"""What may be used here: the check on an edited plan and the sizing's refusal, from the same table of demands."""

from datetime import date

import pytest
from build import MODULES, a_brief, a_catalog
from damage import damaged, module
from wired import hand_wired_plan

from prefab.eligible import make_offers
from prefab.market import Country
from prefab.rules import restrictions

SE = Country(
    code="SE", title="Sweden", region="eu", currency="SEK", frequencies_hz=(50,), low_voltages_v=(400.0,),
    standards=("IEC",),
)  # fmt: skip
CERTIFIED = {"standards": ["IEC", "UL"], "regions": [], "frequencies_hz": [50, 60], "voltages_v": [], "documents": []}
ACTIVE = {"status": "active", "first_order": None, "last_order": None}
CASES = [
    # what the brief says in [restrict], what the catalog says of DRY-1000, allowed
    ({}, {}, True),
    ({"makers": ["generic"]}, {}, True),
    ({"makers": ["Other"]}, {}, False),
    ({"exclude_makers": ["generic"]}, {}, False),
    ({"exclude_makers": ["Other"]}, {}, True),
    ({"only": ["DRY-1000", "CHL-400"]}, {}, True),
    ({"only": ["CHL-400"]}, {}, False),
    ({"only": ["CDU-500"]}, {}, True),
    ({}, {"certification": {**CERTIFIED, "standards": ["UL"]}}, False),
    ({"standards": ["UL"]}, {"certification": {**CERTIFIED, "standards": ["UL"]}}, True),
    ({}, {"certification": {**CERTIFIED, "regions": ["us"]}}, False),
    ({}, {"certification": {**CERTIFIED, "regions": ["us", "eu"]}}, True),
    ({}, {"certification": {**CERTIFIED, "frequencies_hz": [60]}}, False),
    ({"frequency_hz": 60}, {"certification": {**CERTIFIED, "frequencies_hz": [60]}}, True),
    ({"frequency_hz": 60}, {"certification": {**CERTIFIED, "frequencies_hz": [50]}}, False),
    ({"low_voltage_v": 415.0}, {"certification": {**CERTIFIED, "voltages_v": [400.0]}}, False),
    ({"low_voltage_v": 400.0}, {"certification": {**CERTIFIED, "voltages_v": [400.0]}}, True),
    ({"low_voltage_v": 415.0}, {}, True),
    ({"transport_width_mm": 2500}, {}, True),  # it is just 2,500 mm wide
    ({"transport_width_mm": 2499}, {}, False),
    ({"transport_length_mm": 5999}, {}, False),
    ({"transport_height_mm": 2999}, {}, False),
    ({"transport_mass_kg": 9_999}, {}, False),
    ({"sound_power_max_dba": 90.0}, {"sound_power_dba": 90.0}, True),
    ({"sound_power_max_dba": 90.0}, {"sound_power_dba": 90.1}, False),
    ({"exclude_refrigerants": ["R134a"]}, {"rejection": {"refrigerant": "R134a"}}, False),
    ({"exclude_refrigerants": ["R134a"]}, {"rejection": {"refrigerant": "R1234ze(E)"}}, True),
    ({"without_water": True}, {"rejection": {"water_m3_per_h": 0.1}}, False),
    ({"without_water": True}, {}, True),
    ({}, {"lifecycle": {**ACTIVE, "status": "withdrawn"}}, False),
    ({}, {"lifecycle": {**ACTIVE, "last_order": "2026-11-23"}}, True),
    ({}, {"lifecycle": {**ACTIVE, "last_order": "2026-11-22"}}, False),
    ({}, {"lifecycle": {**ACTIVE, "first_order": "2026-11-23"}}, True),
    ({}, {"lifecycle": {**ACTIVE, "first_order": "2026-11-24"}}, False),
]


def edited(changes):
    def edit(tree):
        tree["country"] = SE.model_dump(mode="json")
        entry = module(tree, "DRY-1000")
        for key, value in changes.items():
            entry[key] = {**entry[key], **value} if isinstance(value, dict) else value

    return edit


@pytest.mark.parametrize(("asked", "changes", "allowed"), CASES)
def test_check_and_sizing_agree(asked, changes, allowed):
    plan = damaged(hand_wired_plan(restrict=asked), edited(changes))
    others = {"CHL-400", "CDU-500"}
    findings = [f for f in restrictions.check(plan) if f.where not in others]
    assert [f for f in findings if f.where == "DRY-1000"] != allowed

    catalog = a_catalog(tuple(plan.module("DRY-1000") if m.sku == "DRY-1000" else m for m in MODULES))
    catalog = catalog.model_copy(update={"countries": (SE,)})
    offers, refusals = make_offers(a_brief(restrict=asked), catalog, (), "heat_rejection", 40.0, 50.0)
    assert ("DRY-1000" in {o.module.sku for o in offers}) is allowed
    reasons = {r.sku: r.reason for r in refusals}
    assert ("DRY-1000" in reasons) is not allowed


def test_without_a_known_country_only_the_brief_decides():
    plan = hand_wired_plan()
    assert plan.country is None
    assert all(f.kept for f in restrictions.check(plan))


def test_dates_are_those_of_the_brief():
    brief = a_brief()
    assert brief.as_of == date(2026, 11, 23)  # what the cases above compare with


def test_only_counts_though_the_plan_does_not_use_it():
    """The plan carries the entry of what the brief names, and takes another of its kind."""

    def edit(tree):
        edited({})(tree)
        tree["modules"].append({**module(tree, "DRY-1000"), "sku": "DRY-9999"})

    findings = restrictions.check(damaged(hand_wired_plan(restrict={"only": ["DRY-9999"]}), edit))
    assert {f.where for f in findings if not f.kept} == {"DRY-1000", "CHL-400", "site"}
