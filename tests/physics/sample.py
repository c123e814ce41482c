"""Heat-rejection units, batteries and climates with round figures, for arithmetic in the head."""

from prefab.climate import Climate
from prefab.module import Rejection, UpsBattery
from prefab.provenance import Provenance

LEVEL = ((-20.0, 1.0), (0.0, 1.0), (20.0, 1.0), (50.0, 1.0))


def dry_cooler(approach_min_k: float = 10.0) -> Rejection:
    """Rated at 35 °C air and 50 °C entering water: 15 K between them; 20 kW of fans."""
    return Rejection(
        kind="dry",
        rated_dry_bulb_degc=35.0,
        rated_return_degc=50.0,
        rated_supply_degc=45.0,
        fan_kw=20.0,
        fan_floor_frac=0.05,
        approach_min_k=approach_min_k,
    )


def adiabatic_cooler() -> Rejection:
    """As the dry cooler, with pads of 80 % effectiveness wetted above 20 °C."""
    return Rejection(
        kind="adiabatic",
        rated_dry_bulb_degc=35.0,
        rated_return_degc=50.0,
        rated_supply_degc=45.0,
        fan_kw=20.0,
        fan_floor_frac=0.05,
        approach_min_k=10.0,
        pad_effectiveness_frac=0.8,
        wet_above_degc=20.0,
    )


def chiller() -> Rejection:
    """COP 8, 6, 4, 3 and capacity 1.1, 1.05, 1, 0.9 at 10, 20, 35, 45 °C; water not below 18 °C."""
    return Rejection(
        kind="chiller",
        rated_dry_bulb_degc=35.0,
        rated_return_degc=28.0,
        rated_supply_degc=18.0,
        fan_kw=20.0,
        fan_floor_frac=0.1,
        approach_min_k=4.0,
        cop=((10.0, 8.0), (20.0, 6.0), (35.0, 4.0), (45.0, 3.0)),
        capacity_frac=((10.0, 1.1), (20.0, 1.05), (35.0, 1.0), (45.0, 0.9)),
    )


def ups_battery(energy_kwh: float) -> UpsBattery:
    """Inverter 97 %, depth of discharge 90 %, 80 % left at the end of life."""
    return UpsBattery(
        energy_kwh=energy_kwh,
        soc_min_frac=0.05,
        soc_max_frac=0.95,
        bidirectional=False,
        end_of_life_frac=0.8,
        inverter_efficiency_frac=0.97,
    )


def temperate_climate(warmer_k: float = 0.0) -> Climate:
    """A year between -12 and 35 degC at 200 m, or one as much warmer all through."""
    mean = (-2.0, 0.0, 5.0, 11.0, 17.0, 22.0, 25.0, 24.0, 19.0, 12.0, 6.0, 0.0)
    return Climate(
        key="temperate",
        title="Temperate",
        country="US",
        latitude_deg=42.0,
        longitude_deg=-88.0,
        elevation_m=200.0,
        utc_offset_h=-6.0,
        dry_bulb_mean_degc=tuple(t + warmer_k for t in mean),
        dry_bulb_daily_max_degc=tuple(t + 5.5 + warmer_k for t in mean),
        dry_bulb_daily_min_degc=tuple(t - 5.0 + warmer_k for t in mean),
        dry_bulb_day_sd_k=(4.0, 4.0, 4.0, 3.5, 3.0, 3.0, 2.5, 2.5, 3.0, 3.5, 4.0, 4.0),
        dew_point_mean_degc=tuple(t - 7.0 + warmer_k for t in mean),
        dry_bulb_max_degc=35.0 + warmer_k,
        dry_bulb_min_degc=-16.0 + warmer_k,
        wet_bulb_max_degc=26.0 + warmer_k,
        provenance=(Provenance(of="*", source="test", basis="judgement"),),
    )
