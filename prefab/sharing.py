"""What of the site's energy falls to each IT demand, and how that of demands without tokens is said."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from prefab.physics.chain import Drawn, Purpose, Surroundings
from prefab.plan import Plan
from prefab.results import DemandEnergy
from prefab.serving import Kind
from prefab.units import number


def energy_of(plan: Plan, demand: int, kinds: list[Kind], at: Surroundings, site_kwh: float) -> DemandEnergy:
    """What falls to an IT demand without tokens."""
    energy_frac = energy_frac_of(demand, kinds, at)
    return DemandEnergy(
        demand=plan.brief.it.demands[demand].name,
        workload=plan.cards[demand].title,
        energy_frac=energy_frac,
        site_mwh=energy_frac * site_kwh / 1000,
        it_mwh=sum(k.computing_kwh for k in kinds if k.demand == demand) / 1000,
    )


def kept_apart(energies: tuple[DemandEnergy, ...], site_mwh: float) -> list[str]:
    """What of the site's energy no figure per token holds."""
    if not energies:
        return []
    said = " and ".join(
        f"{number(e.site_mwh)} MWh of {e.demand} ({number(100 * e.energy_frac, 1)} %, {number(e.it_mwh)} MWh of it at "
        "its racks)"
        for e in energies
    )
    left_mwh = site_mwh - sum(e.site_mwh for e in energies)
    return [
        f"Without tokens: {said}, each with its share of losses and cooling by what its blocks draw. No figure per "
        "token holds them; fabric, storage and management computers that come with a demand's own pods are in its "
        f"figures. Laid on the demands with tokens, they would raise the energy of each by "
        f"{number(100 * (site_mwh / left_mwh - 1), 1)} %."
    ]


def energy_frac_of(demand: int, kinds: list[Kind], at: Surroundings) -> float:
    """Of the energy that enters the site, what an IT demand answers for by what its blocks draw."""
    return sum(_drawn_kwh(k, at) for k in kinds if k.demand == demand) / sum(_drawn_kwh(k, at) for k in kinds)


def _drawn_kwh(kind: Kind, at: Surroundings) -> float:
    """What all blocks of a kind draw from the site's plant in the year."""
    return float(sum(np.sum(kw) for c, kw in kind.drawn.open_kw.items() if at.carriers[c].medium == "electric"))


def overheads_of(own: Iterable[Kind], plant: Drawn, energy_frac: float) -> Mapping[Purpose, float]:
    """What the blocks of a demand take for themselves in the year, and its share of what the site's plant takes, in
    kWh by purpose."""
    found: dict[Purpose, float] = defaultdict(float)
    for drawn, share in (*((kind.drawn, 1.0) for kind in own), (plant, energy_frac)):
        for purpose, kw in drawn.own_kw.items():
            found[purpose] += share * float(np.sum(kw))
    return found
