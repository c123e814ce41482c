"""Where energy of sources beside the utility goes, hour by hour, and what a contract does to a bill."""

import numpy as np
import pytest
from build import TARIFF

from prefab.physics.supply import balance, settle
from prefab.physics.tariffs import make_bill


def hours(*values):
    return np.array(values, dtype=float)


def test_every_hour_by_hand():
    # Site 10 in each of four hours; on site 0, 4, 14, 30; at most 5 go back.
    found = balance(hours(10, 10, 10, 10), [hours(0, 4, 4, 20), hours(0, 0, 10, 10)], [hours(3, 8, 8, 0)], 5.0)
    assert found.used_kw.tolist() == [0, 4, 10, 10]
    assert found.import_kw.tolist() == [10, 6, 0, 0]
    assert found.export_kw.tolist() == [0, 0, 4, 5]
    assert found.curtailed_kw.tolist() == [0, 0, 0, 15]
    assert [t.tolist() for t in found.taken_kw] == [[3, 6, 0, 0]]
    assert found.uncovered_kw.tolist() == [7, 0, 0, 0]
    # Given and not curtailed: 24 used, 9 exported, 19 elsewhere, of 40: more than all. Hour by hour 33 of 40.
    assert found.annual_frac == 1.0
    assert found.hourly_frac == pytest.approx(33 / 40)


def test_the_year_and_its_hours_are_not_the_same():
    # Twice the site's power in half of the hours: the year is matched, half of the hours are.
    found = balance(hours(10, 10, 10, 10), [], [hours(20, 20, 0, 0)], 0.0)
    assert (found.annual_frac, found.hourly_frac) == (1.0, 0.5)


def test_curtailed_energy_matches_nothing():
    with_export = balance(hours(10, 10), [hours(20, 0)], [], 10.0)
    without = balance(hours(10, 10), [hours(20, 0)], [], 0.0)
    assert (with_export.annual_frac, without.annual_frac) == (1.0, 0.5)
    assert with_export.hourly_frac == without.hourly_frac == 0.5


def test_contracts_take_what_others_leave():
    found = balance(hours(10.0), [], [hours(8.0), hours(8.0)], 0.0)
    assert [t.tolist() for t in found.taken_kw] == [[8], [2]]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_or_made(seed):
    rng = np.random.default_rng(seed)
    site, here, there = rng.uniform(0, 10, 500), rng.uniform(0, 9, (2, 500)), rng.uniform(0, 6, (2, 500))
    found = balance(site, list(here), list(there), float(rng.uniform(0, 6)))
    np.testing.assert_allclose(found.used_kw + found.import_kw, site)
    np.testing.assert_allclose(found.used_kw + found.export_kw + found.curtailed_kw, here.sum(axis=0))
    np.testing.assert_allclose(sum(found.taken_kw) + found.uncovered_kw, found.import_kw, atol=1e-12)
    for part in (found.import_kw, found.export_kw, found.curtailed_kw, found.uncovered_kw, *found.taken_kw):
        assert part.min() >= 0
    assert not np.any((found.import_kw > 0) & (found.export_kw > 0))
    assert found.hourly_frac <= found.annual_frac + 1e-12


def test_a_contract_replaces_the_hours_it_is_taken_in():
    # 100 kW at 0.1 $/kWh; 150 kW by contract at 0.04 $ in the first half of the year, with a tax of a tenth.
    tariff = TARIFF.model_copy(update={"energy_usd_per_kwh": 0.1, "tax_frac": 0.1, "loss_frac": 0.05})
    load = np.full(8760, 100.0)
    contract = np.where(np.arange(8760) < 4380, 150.0, 0.0)
    bill = make_bill(tariff, load)
    found = settle(bill, tariff, contract, np.minimum(contract, load), 0.04)
    change = 4380 * (150 * 0.04 - 100 * 0.1)
    assert found.energy_usd == pytest.approx(bill.energy_usd + change)
    assert found.total_usd == pytest.approx(bill.total_usd + 1.1 * change)
    assert (found.demand_usd, found.adders_usd, found.fixed_usd) == (bill.demand_usd, bill.adders_usd, bill.fixed_usd)
