"""What the site's generating sets give and burn in one phase, as the checks see them."""

from prefab.physics.electrical import fuel_l_per_h
from prefab.rules.network import Network


def sets_of(network: Network) -> tuple[str, ...]:
    """The tags of all sets that stand for the whole site."""
    return tuple(
        tag
        for tag, e in network.equipment.items()
        if network.module(tag).engine is not None and network.carriers[e.carrier].redundancy == "standby"
    )


def reserved_kw(network: Network, *, lasting: bool) -> float:
    """What they give with their spare in reserve, the largest of them; `lasting` without limit of hours."""
    spare = {"N": 0, "N+1": 1, "N+2": 2}[network.plan.brief.redundancy.standby]
    each = []
    for tag in sets_of(network):
        engine = network.module(tag).engine
        assert engine is not None
        each.append(network.capacity[tag] * ((engine.continuous_frac or 0.0) if lasting else 1.0))
    return sum(sorted(each)[: max(0, len(each) - spare)])


def lasting_h(network: Network, kw: float) -> float:
    """How long the stored diesel lasts while all sets share a load; without end for gas, which comes by pipe."""
    tags = sets_of(network)
    usable_l = burned_l_per_h = 0.0
    for tag in tags:
        engine, given = network.module(tag).engine, network.module(tag).given(network.equipment[tag].carrier)
        assert engine is not None
        if engine.fuel_l_per_kwh is not None and given is not None and given.capacity_kw is not None:
            burned_l_per_h += float(fuel_l_per_h(engine.fuel_l_per_kwh, kw / len(tags), given.capacity_kw))
            usable_l += engine.belly_tank_l * engine.tank_usable_frac
    for tag in network.equipment:
        tank = network.module(tag).given("fuel")
        usable_l += tank.capacity_l if tank is not None and tank.capacity_l is not None else 0.0
    return usable_l / burned_l_per_h if burned_l_per_h else float("inf")
