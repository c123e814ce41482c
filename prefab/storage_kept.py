"""What a plan's storage is kept for, beside what it holds: rows for whoever shows it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from prefab.plan import Plan
from prefab.rules.network import network_of
from prefab.rules.storage import block_holds, site_holds
from prefab.shares import Share

DUTIES = {
    "reserve": "reserve for the grid",
    "swing": "swings of training",
    "ramp": "ramps at starts and ends of jobs",
    "shaving": "hours above the connection",
}
FREE = "no duty"


@dataclass(frozen=True)
class Kept:
    """What storage of one type keeps for one duty, of what it holds: the site's, or that of one block of a kind."""

    sku: str
    kind: str
    """Of block; empty for the site's batteries."""
    phase: int
    """Of which this is said, counted from 0; it holds until a later one is said."""
    duty: str
    power_kw: float
    """At the connection of the storage, as all of these."""
    energy_kwh: float
    held_kw: float
    held_kwh: float
    """At the end of life and inside the window of charge; what UPS keep for their autonomy is left out."""


def make_kept(plan: Plan) -> tuple[Kept, ...]:
    """By storage: a row for each duty and one for what no duty keeps; of the last phase, and of earlier ones where they
    differ. Nothing of a plan whose storage has no shares."""
    if not plan.sized.storage or plan.connected is None:
        return ()
    places = dict.fromkeys((s.kind, s.carrier, s.sku) for s in plan.sized.storage)
    ordered = sorted(places, key=lambda place: (bool(place[0]), place))
    return tuple(row for place in ordered for row in _of_place(plan, *place))


def _of_place(plan: Plan, kind: str, carrier: str, sku: str) -> Iterator[Kept]:
    """The last phase first."""
    after: list[Kept] = []
    for phase in reversed(range(len(plan.brief.phases))):
        network = network_of(plan, phase)
        held = block_holds(network, kind, carrier, sku) if kind else site_holds(network)
        count = _blocks(plan, kind, phase) if kind else 1
        if not held or not held[0] or not count:
            continue
        # A block's own for swings are said once, for all phases.
        shares = [
            s
            for s in plan.sized.storage
            if (s.kind, s.carrier, s.sku) == (kind, carrier, sku) and (s.phase == phase or (kind and s.duty == "swing"))
        ]
        rows = list(_rows(plan, shares, Kept(sku, kind, phase, FREE, 0.0, 0.0, *held)))
        if not after or [_figures(r) for r in rows] != [_figures(r) for r in after]:
            yield from rows
        after = rows


def _rows(plan: Plan, shares: list[Share], empty: Kept) -> Iterator[Kept]:
    for share in shares:
        name = DUTIES[share.duty]
        if share.duty == "swing" and plan.brief.it.demand:
            name += f" of {plan.brief.it.demands[share.demand].name}"
        yield replace(empty, duty=name, power_kw=share.power_kw, energy_kwh=share.energy_kwh)
    left_kw = max(0.0, empty.held_kw - sum(s.power_kw for s in shares))
    left_kwh = max(0.0, empty.held_kwh - sum(s.energy_kwh for s in shares))
    yield replace(empty, power_kw=left_kw, energy_kwh=left_kwh)


def _figures(row: Kept) -> tuple[str, float, float, float, float]:
    return row.duty, row.power_kw, row.energy_kwh, row.held_kw, row.held_kwh


def _blocks(plan: Plan, kind: str, phase: int) -> int:
    return next(n[phase] for k, n in zip(plan.sized.kinds, plan.sized.blocks, strict=True) if k.name == kind)
