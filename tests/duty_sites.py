"""Small training sites with drawn figures, on which storage of four kinds competes for what the grid does not bear."""

import random
from typing import Any

from build import BASIS, BES, CARRIERS, MODULES, MVS, POD, UPS, WORKLOAD, _carrier, a_catalog, a_module

from prefab.basis import DutiesBasis
from prefab.catalog import Catalog
from prefab.module import Module
from prefab.workload import Swing, Workload

DUTY_CARRIERS = tuple(
    sorted(
        (
            *CARRIERS,
            _carrier("battery_ac", "electric", "site", "none"),
            _carrier("load_smoothing", "storage", "block", "none", laid=False),
        ),
        key=lambda c: c.key,
    )
)
DUTIES = DutiesBasis(
    noise_frac=0.02, noise_deviations=4.0, drift_frac=0.1, jobs_per_day_count=6, idle_min=15.0,
    checkpoint_every_min=30.0, checkpoint_s=60.0, recharge_h=0.5, recharge_frac=0.05,
)  # fmt: skip


def training(key: str, pick: random.Random, **more: Any) -> Workload:
    """A card whose accelerators compute and wait together."""
    depth, high, period = pick.uniform(0.3, 0.7), pick.uniform(0.5, 0.85), pick.uniform(12.0, 20.0)
    swing = {
        "frequency_low_hz": 0.2, "frequency_high_hz": 3.0,
        **{f: {"low": v, "base": v, "high": v}
           for f, v in (("depth_frac", depth), ("period_s", period), ("high_frac", high))},
    }  # fmt: skip
    figures = {"key": key, "purpose": "training", "token_basis": "training", "swing": Swing.model_validate(swing)}
    return WORKLOAD.model_copy(update=figures | more)


def sized(module: Module, sku: str, kw: float, usd: float, **more: Any) -> Module:
    """A module with another capacity of what it gives first, and another price."""
    given = module.gives[0].model_copy(update={"capacity_kva": None, "capacity_kw": float(kw)})
    price = module.price.model_copy(update={"amount": float(usd)})
    return module.model_copy(update={"sku": sku, "gives": (given, *module.gives[1:]), "price": price, **more})


def a_pod(sku: str, kw: float, usd: float) -> Module:
    """Of so many kilowatts sustained."""
    assert POD.it is not None
    share = kw / POD.it.sustained_kw
    fields = ("nameplate_kw", "sustained_kw", "peak_kw", "measured_kw")
    return sized(POD, sku, kw, usd, it=POD.it.model_copy(update={f: getattr(POD.it, f) * share for f in fields}))


def a_battery(sku: str, kw: float, kwh: float, usd: float, **more: Any) -> Module:
    """At the medium voltage."""
    assert BES.grid_battery is not None
    cells = BES.grid_battery.model_copy(update={"power_kw": float(kw), "energy_kwh": float(kwh)})
    return sized(BES, sku, kw, usd, grid_battery=cells, **more)


def interactive(sku: str, kw: float, kwh: float, usd: float, most_kw: float | None) -> Module:
    """UPS that may give power back, whose cells may give less than its rating."""
    assert UPS.ups_battery is not None
    figures = {"bidirectional": True, "energy_kwh": float(kwh), "power_max_kw": most_kw}
    return sized(UPS, sku, kw, usd, ups_battery=UPS.ups_battery.model_copy(update=figures))


def capacitors(sku: str, kw: float, kwh: float, usd: float) -> Module:
    """At the racks, in cabinets."""
    return a_module(
        sku, "supercapacitor", stands="inside", price_usd=usd,
        gives=[{"carrier": "load_smoothing", "capacity_kw": kw, "parallel_max": 64}],
        needs=[{"carrier": "control", "connection": "dual", "units": 1}],
        capacitor={"usable_kwh": kwh, "end_of_life_frac": 0.8, "round_trip_frac": 0.95},
    )  # fmt: skip


def behind(pick: random.Random) -> list[Module]:
    """A battery that stands behind a transformer which serves one or a few."""
    low = BES.needs[0].model_copy(update={"carrier": "battery_ac", "connection": pick.choice(["unit", "shared"])})
    fed = [{"carrier": "mv_ac", "connection": "transfer", "through": True}]
    transformer = a_module(
        "TXO-40", "transformer", price_usd=pick.randrange(5_000, 60_000), needs=fed,
        losses={"points": [[0, 5], [0.25, 10], [0.5, 18], [0.75, 28], [1, 40]]},
        gives=[{"carrier": "battery_ac", "capacity_kw": pick.choice([800, 1_600])}],
    )  # fmt: skip
    kw = pick.choice([300, 400, 600])
    battery = a_battery("BES-C", kw, kw * pick.choice([0.5, 2.0]), kw * pick.randrange(200, 500), needs=(low,))
    return [battery, transformer]


def a_duty_catalog(pick: random.Random, *, ups: int, caps: int, pods: int, batteries: int, cards: int) -> Catalog:
    """With so many types of grid-interactive UPS, of capacitors, of pods, of batteries and of workload."""
    kw, plain_usd = pick.choice([800, 1_000]), pick.randrange(100_000, 200_000)
    modules = [m for m in MODULES if m.sku not in {POD.sku, MVS.sku, BES.sku, UPS.sku}]
    modules += [
        a_pod("POD-1000", 1_000, 1_000_000),
        a_pod("POD-0600", 600, pick.randrange(550_000, 700_000)),
    ][:pods]
    modules += [
        sized(UPS, "UPS-800", kw, plain_usd),
        sized(MVS, "MVS-1", pick.randrange(2_500, 6_000), pick.randrange(50_000, 400_000)),
    ]
    modules += [
        interactive(
            f"GUP-{n}", kw, kw * pick.uniform(0.3, 1.2), plain_usd + pick.randrange(20_000, 300_000),
            pick.choice([None, None, kw * pick.uniform(0.4, 1.0)]),
        )
        for n in range(ups)
    ]  # fmt: skip
    modules += [
        capacitors(
            f"CAP-{n}", pick.choice([150, 250, pick.randrange(200, 1_500)]), pick.uniform(0.2, 0.9),
            pick.randrange(10_000, 90_000),
        )
        for n in range(caps)
    ]  # fmt: skip
    modules += [
        a_battery("BES-A", 500, 250, pick.randrange(60_000, 250_000)),
        a_battery("BES-B", 400, 1_200, pick.randrange(100_000, 300_000)),
    ][:batteries]
    modules += behind(pick) if batteries > 2 else []
    cards_ = tuple(training(name, pick) for name in ("train", "tune")[:cards])
    basis = BASIS.model_copy(update={"duties": DUTIES})
    catalog = a_catalog(tuple(modules), carriers=DUTY_CARRIERS, basis=basis)
    return catalog.model_copy(update={"workloads": cards_})
