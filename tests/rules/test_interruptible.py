"""What the utility may call off: the sets' rows accept what the check keeps, in power and in hours of fuel."""

from datetime import timedelta

import pytest
from build import a_brief
from two_sided import CASES_EACH, Site, Tally, burning, near, sites

from prefab.connection import GridStep
from prefab.rules import interruptible
from prefab.rules.network import Network
from prefab.rules.sets import lasting_h
from prefab.rules.walk import walk


def kept(findings):
    return all(f.kept for f in findings)


def callable_off(site: Site, firm_mw: list[float], hours: float) -> Site:
    """A step for each phase, of which the rest is interruptible."""
    steps = (
        GridStep(since=p.energised_by - timedelta(1), firm_mw=mw, interruptible_mw=50.0 - mw)
        for p, mw in zip(site.brief.phases, firm_mw, strict=True)
    )
    return site.wishing("grid", series=tuple(steps), interruption_h=hours)


def spare(site: Site) -> int:
    return {"N": 0, "N+1": 1, "N+2": 2}[site.brief.redundancy.standby]


def test_power():
    """Sets that just carry what exceeds the firm part of one phase, for a moment: no fuel to speak of.

    Of 320 cases 29 (9 %) lie within the margin: whole watts, and the chord above each loss curve on the whole import.
    """
    tally = Tally()
    for site in sites(31):
        plan, sets = site.plan(), site.sku("standby_mv")
        drawn = [walk(plan, phase).import_kw for phase in range(len(site.brief.phases))]
        for _ in range(CASES_EACH):
            phase, part = site.rng.randrange(len(drawn)), site.rng.uniform(0.5, 1.0)
            running = site.counts("standby_mv")[phase] - spare(site)
            rated_kw = drawn[phase] * part * near(site.rng) / running
            firm = [kw / 1000 * (1 - part if n == phase else 1.2) for n, kw in enumerate(drawn)]
            asked = callable_off(site.rerated(sets, rated_kw / 40_000), firm, 1e-6)
            found = interruptible.check(asked.plan())
            assert len([f for f in found if f.unit == "kW"]) == len(drawn)
            tally.add(asked.accepted(interruptible), kept(found), (part, phase, str(asked)))
    tally.conclude(0.12)


def test_hours():
    """Ample sets whose tanks last about as long as the utility calls the interruptible part off.

    Within the margin lie 28 of 320 cases (9 %): curves of fuel and loss below their straight lines.
    """
    tally = Tally()
    for site in sites(32, autonomy={"generator_h": 240.0}):
        plan, sets = site.plan(), site.sku("standby_mv")
        drawn = [walk(plan, phase).import_kw for phase in range(len(site.brief.phases))]
        for _ in range(CASES_EACH):
            part = site.rng.uniform(0.2, 1.0)
            firm = [kw / 1000 * (1 - part) for kw in drawn]
            fuelled = burning(site.rerated(sets, drawn[-1] * site.rng.choice((1.2, 3.0)) / 40_000), sets)
            ample = fuelled.plan()
            lasts = min(lasting_h(Network(ample, n), kw * part) for n, kw in enumerate(drawn))
            asked = callable_off(fuelled, firm, min(240.0, lasts * near(site.rng)))
            found = interruptible.check(asked.plan())
            tally.add(asked.accepted(interruptible), kept(found), (part, str(asked)))
    tally.conclude(0.22)


@pytest.mark.parametrize(("more", "fine"), [(-0.01, False), (0.0, True), (0.01, True)])
def test_at_the_edge(more, fine):
    """One set in reserve and one that carries what is called off, to a hundredth of a kilowatt."""
    site = next(s for s in sites(33, redundancy={"standby": "N+1"}) if s.counts("standby_mv")[0] == 2)
    site = site.rerated(site.sku("standby_mv"), 0.025)
    drawn = walk(site.plan(), 0).import_kw
    firm = [(drawn - 1000 + more) / 1000, *(50.0 for _ in site.brief.phases[1:])]
    found = interruptible.check(callable_off(site, firm, 1e-6).plan())
    assert next(f.kept for f in found if f.unit == "kW") is fine


def test_without_sets_only_the_firm_part_counts():
    site = next(sites(34, autonomy={"generator_h": 0.0}))
    drawn = walk(site.plan(), 0).import_kw / 1000
    for firm, fine in ((drawn * 0.99, False), (drawn * 1.05, True)):
        asked = callable_off(site, [firm, *(50.0 for _ in site.brief.phases[1:])], 2.0)
        assert kept(interruptible.check(asked.plan())) is fine
        assert asked.accepted(interruptible) is fine


def test_the_fuel_of_the_check_by_hand():
    """Two sets of 1,000 kW at 600 kW each: 2 x 600 x 0.25 L/h out of 3,600 L in their tanks and 30,000 L in bulk."""
    site = next(s for s in sites(35, redundancy={"standby": "N"}) if s.counts("standby_mv")[0] == 2)
    site = site.rerated(site.sku("standby_mv"), 0.025)
    network = Network(site.plan(), 0)
    tanks = site.counts("fuel")[0]
    assert lasting_h(network, 1200.0) == pytest.approx((2 * 1800 + tanks * 30_000) / 300)


def test_says_what_may_be_called_off():
    assert interruptible.explain(a_brief()) == "The utility may call off no part of the connection."
    series = [{"since": "2029-01-01", "firm_mw": 1.0, "interruptible_mw": 2.0}]
    asked = a_brief(grid={"series": series, "interruption_h": 4.0})
    assert "2 of 3 MW from 2029-01-01 on, for 4 h" in interruptible.explain(asked)
