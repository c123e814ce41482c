"""Short texts that several documents share."""

import numpy as np
import pytest
from documents.maker import make_plan

from prefab.documents.labels import (
    _FAMILIES,
    counted,
    energy_price_text,
    figure_title,
    figures_of,
    installed_it_kw,
    rating_of,
    units_of,
)
from prefab.market import DemandCharge, EnergyPeriod, Tariff, Window
from prefab.physics.tariffs import make_bill
from prefab.plan import Group
from prefab.proposal import make_proposal
from prefab.results import Finding

FINDINGS = (Finding("it_load", "phase First", True, 1000.0, 1000.0, "kW", ">="),)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("rejection.approach_min_k", "Rejection: approach min, K"),
        ("derating.dry_bulb_frac_per_k", "Derating: dry bulb, fraction per K"),
        ("needs.kw_per_kw", "Needs, kW/kW"),
        ("rejection.cop", "Rejection: COP"),
        ("deployment.fat_days", "Deployment: factory test, days"),
        ("all other figures", "All other figures"),
    ],
)
def test_a_figure_is_named_with_its_unit(path, title):
    assert figure_title(path) == title


def test_figures_have_three_digits_and_whole_numbers_in_full():
    finding = Finding("ups_autonomy", "x", True, 6.783780886, 5.0, "min", ">=")
    assert figures_of(finding) == "6.78 ≥ 5 min"
    assert figures_of(Finding("x", "y", True, 33671.9355, 51600.0, "L", "<=")) == "33,672 ≤ 51,600 L"
    assert figures_of(Finding("x", "y", True, 41.0, 45.0, "degC", "<=")) == "41 ≤ 45 °C"


def test_one_is_singular():
    assert counted(1, "module") == "1 module"
    assert counted(1200, "module") == "1,200 modules"


def test_installed_counts_every_pod(proposal):
    assert installed_it_kw(proposal.plan) == 2000.0


def test_what_is_counted_is_given_in_its_own_unit(catalog, proposal):
    plan = proposal.plan.model_copy(update={"modules": catalog.modules, "carriers": catalog.carriers})
    assert rating_of(plan, "EHS-0500", "house_bays") == "8 bays of 600 mm"
    assert rating_of(plan, "FPS-002", "fuel_polishing") == "240 m³ of tank"
    assert rating_of(plan, "UPS-1250", "critical_ac") == "1,250 kW"
    counted_ones = [(m, g.carrier) for m in catalog.modules for g in m.gives if g.capacity_units is not None]
    assert counted_ones
    assert not [m.sku for m, carrier in counted_ones if rating_of(plan, m.sku, carrier).endswith(" units")]


def test_members_say_how_many_serve_each_module():
    ups = Group(carrier="critical_ac", sku="UPS-1250", sides=2, per_side=3)
    cells = Group(carrier="ups_dc", sku="LIB-035", sides=2, per_side=18, unit_for="critical_ac")
    assert units_of(None, cells, (ups, cells)) == "6 for each UPS-1250"
    assert units_of(None, ups, (ups, cells)) == ""


def test_every_family_of_the_catalog_has_a_name(catalog):
    assert {m.family for m in catalog.modules} <= set(_FAMILIES)


@pytest.mark.parametrize(
    ("more", "form"),
    [
        ({}, "one price for every hour"),
        (
            {"month_hour_usd_per_kwh": ((0.05,) * 23 + (0.25,),) * 12, "tax_frac": 0.1},
            "a price for every hour of the mean day of each month, with tax",
        ),
        (
            {
                "period": (
                    EnergyPeriod(title="Day", usd_per_kwh=0.2, windows=(Window(from_h=8, to_h=20),)),
                    EnergyPeriod(title="Else", usd_per_kwh=0.1),
                ),
                "demand": (DemandCharge(title="Peak", usd_per_kw=10.0),),
            },
            "2 periods of day and season, with demand charges",
        ),
    ],
)
def test_the_price_of_energy_is_what_the_year_costs(more, form):
    plan = make_plan()
    plan = plan.model_copy(update={"tariff": Tariff(**{**plan.tariff.model_dump(), **more})})
    made = make_proposal(plan, FINDINGS)
    bill = make_bill(
        plan.tariff, np.array(made.projection.hourly.site_kw), contract_kw=1000 * plan.brief.grid.capacity_mw
    )
    price = bill.total_usd / (1000 * made.projection.site_mwh)
    assert energy_price_text(made) == f"{price:.4f} $/kWh in the mean of the year, {form}"
