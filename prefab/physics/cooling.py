"""Liquid flow, and what heat-rejection units reject and draw in the weather."""

import numpy as np
from numpy.typing import NDArray

from prefab.module import Rejection
from prefab.physics.electrical import Numbers, interpolate, plain
from prefab.physics.psychrometrics import density_ratio

Array = NDArray[np.float64]

# Heat transfer of a finned coil grows with airflow to a power of 0.65 to 0.8; judgement, the value most used.
_AIRFLOW_EXPONENT = 0.75

# Air leaves a coil warmed by this share of the temperature difference at its inlet; judgement from rated points of
# dry coolers (air warmed 10 K at 15 K between entering water and entering air).
_AIR_RISE_FRAC = 0.65

# 2.43 MJ/kg of evaporation as in https://github.com/psychrometrics/psychrolib: 1.4815 litres per kWh of cooling.
EVAPORATION_L_PER_KWH = 3.6 / 2.43

# Pads are bled so that salts stay below this many times the make-up water's; 4 is the ordinary figure of
# https://www.scribd.com/document/46640740/Case-Example-Calculations.
CYCLES_OF_CONCENTRATION = 4.0


def flow_lpm(
    heat_kw: Numbers,
    supply_degc: Numbers,
    return_degc: Numbers,
    density_kg_per_l: float,
    heat_capacity_kj_per_kg_k: float,
) -> Numbers:
    """Litres per minute of a liquid that carry a heat between two temperatures.

    Raises:
        ValueError: the return is not warmer than the supply.
    """
    rise_k = np.subtract(return_degc, supply_degc)
    if np.any(rise_k <= 0):
        raise ValueError(f"return {return_degc} °C must be warmer than supply {supply_degc} °C")
    return plain(np.divide(heat_kw, density_kg_per_l * heat_capacity_kj_per_kg_k * rise_k) * 60)


def drive_power_frac(flow_frac: Numbers, static_frac: float = 0.0, flow_min_frac: float = 0.0) -> Numbers:
    """Power of a variable-speed pump or fan over that at full flow: flow times pressure, of which a share is static.

    The pressure is dp_min + k·V², so without a static share the power follows the cube of the flow. Below
    `flow_min_frac` the drive does not go. Affinity laws: https://www.engineeringtoolbox.com/fan-affinity-laws-d_196.html.
    """
    flow = np.maximum(flow_frac, flow_min_frac)
    return plain(flow * (static_frac + (1 - static_frac) * flow**2))


def rejection_capacity_kw(
    rejection: Rejection,
    rated_kw: float,
    dry_bulb_degc: Numbers,
    wet_bulb_degc: Numbers,
    supply_degc: float,
    return_degc: float,
    altitude_m: float,
) -> Numbers:
    """Heat that one unit rejects with its fans at full speed; 0 where it cannot reach the supply temperature.

    Dry and adiabatic units follow the difference between entering water and air-on temperature, never beyond their
    rating, and the density of air. A chiller follows its curve; what altitude takes from it is in its derating.
    """
    air_on = _air_on_degc(rejection, dry_bulb_degc, wet_bulb_degc)
    if rejection.kind == "chiller":
        points = rejection.capacity_frac or ()
        reached = (air_on <= points[-1][0]) & (supply_degc >= rejection.rated_supply_degc)
        capacity = rated_kw * np.asarray(interpolate(points, air_on))
    else:
        reached = _reached(rejection, air_on, supply_degc)
        capacity = _full_speed_kw(rejection, rated_kw, air_on, return_degc, altitude_m)
    return plain(np.where(reached, np.maximum(capacity, 0.0), 0.0))


def rejection_power_kw(
    rejection: Rejection,
    rated_kw: float,
    heat_kw: Numbers,
    dry_bulb_degc: Numbers,
    wet_bulb_degc: Numbers,
    supply_degc: float,
    return_degc: float,
    altitude_m: float,
) -> Numbers:
    """Electric power of one unit that is given `heat_kw`; fans run flat out where it is given too much.

    Dry and adiabatic units by the fan law of `_airflow_frac`, pads dry as long as that suffices. A chiller's
    compressors take what its economiser leaves of the heat, as far as its capacity goes; its fans follow the share of
    rated heat.
    """
    heat = np.asarray(heat_kw, dtype=float)
    if rejection.kind == "chiller":
        dry_bulb = np.asarray(dry_bulb_degc, dtype=float)
        within = np.minimum(
            heat,
            np.asarray(
                rejection_capacity_kw(
                    rejection, rated_kw, dry_bulb_degc, wet_bulb_degc, supply_degc, return_degc, altitude_m
                )
            ),
        )
        free = _economiser_frac(rejection, dry_bulb, supply_degc, return_degc)
        compressors = (1 - free) * within / np.asarray(interpolate(rejection.cop or (), dry_bulb))
        fans = rejection.fan_kw * np.clip(heat / rated_kw, rejection.fan_floor_frac, 1.0)
        power = compressors + fans
    else:
        air_on = _air_used_degc(
            rejection, rated_kw, heat, dry_bulb_degc, wet_bulb_degc, supply_degc, return_degc, altitude_m
        )
        speed = _airflow_frac(rejection, rated_kw, heat, air_on, supply_degc, return_degc, altitude_m)
        shaft = speed**3 * min(density_ratio(altitude_m), 1.0)
        power = rejection.fan_kw * np.clip(shaft, rejection.fan_floor_frac, 1.0)
    return plain(np.where(heat > 0, power, 0.0))


def water_l_per_h(
    rejection: Rejection,
    rated_kw: float,
    heat_kw: Numbers,
    dry_bulb_degc: Numbers,
    wet_bulb_degc: Numbers,
    supply_degc: float,
    return_degc: float,
    altitude_m: float,
    cycles_of_concentration: float = CYCLES_OF_CONCENTRATION,
) -> Numbers:
    """Water that one unit draws: what cools its air in the pads, and the bleed; 0 for dry units and chillers.

    The airflow at full speed follows from the rating and the share by which a coil warms its air; what the air
    loses in sensible heat evaporates.
    """
    heat = np.asarray(heat_kw, dtype=float)
    if rejection.kind != "adiabatic":
        return plain(np.zeros(np.broadcast_shapes(heat.shape, np.shape(dry_bulb_degc))))
    air_on = _air_used_degc(
        rejection, rated_kw, heat, dry_bulb_degc, wet_bulb_degc, supply_degc, return_degc, altitude_m
    )
    rated_itd_k = rejection.rated_return_degc - rejection.rated_dry_bulb_degc
    full_flow_kw_per_k = rated_kw / (_AIR_RISE_FRAC * rated_itd_k) * min(density_ratio(altitude_m), 1.0)
    speed = _airflow_frac(rejection, rated_kw, heat, air_on, supply_degc, return_degc, altitude_m)
    cooled_kw = speed * full_flow_kw_per_k * np.subtract(dry_bulb_degc, air_on)
    bled = cycles_of_concentration / (cycles_of_concentration - 1)
    return plain(np.where(heat > 0, cooled_kw * EVAPORATION_L_PER_KWH * bled, 0.0))


def _air_used_degc(
    rejection: Rejection,
    rated_kw: float,
    heat: Array,
    dry_bulb_degc: Numbers,
    wet_bulb_degc: Numbers,
    supply_degc: float,
    return_degc: float,
    altitude_m: float,
) -> Array:
    """Air at the coil: pads stay dry, to save water, as long as dry air takes the heat."""
    dry_air = np.asarray(dry_bulb_degc, dtype=float)
    enough = heat <= _full_speed_kw(rejection, rated_kw, dry_air, return_degc, altitude_m)
    dry = enough & _reached(rejection, dry_air, supply_degc)
    return np.asarray(np.where(dry, dry_air, _air_on_degc(rejection, dry_air, wet_bulb_degc)), dtype=float)


def _air_on_degc(rejection: Rejection, dry_bulb_degc: Numbers, wet_bulb_degc: Numbers) -> Array:
    dry_bulb = np.asarray(dry_bulb_degc, dtype=float)
    if rejection.kind != "adiabatic":
        return dry_bulb
    wetted = dry_bulb - (rejection.pad_effectiveness_frac or 0.0) * (dry_bulb - wet_bulb_degc)
    wet = dry_bulb > (rejection.wet_above_degc or 0.0)
    return np.asarray(np.where(wet, wetted, dry_bulb), dtype=float)


def _reached(rejection: Rejection, air_on: Array, supply_degc: float) -> NDArray[np.bool_]:
    # A hair of tolerance: 27 °C after the pads may come out as 27.000000000000004.
    return np.asarray(air_on + (rejection.approach_min_k or 0.0) <= supply_degc + 1e-9)


def _full_speed_kw(
    rejection: Rejection, rated_kw: float, air_on: Array, return_degc: float, altitude_m: float
) -> Array:
    """Heat that a coil takes at full fan speed, never beyond its rating."""
    share = np.minimum(_full_speed_frac(rejection, air_on, return_degc), 1.0)
    return rated_kw * share * min(density_ratio(altitude_m), 1.0)


def _full_speed_frac(rejection: Rejection, air_on: Array, return_degc: float) -> Array:
    """Heat at full fan speed over rated heat, at sea level."""
    return (return_degc - air_on) / (rejection.rated_return_degc - rejection.rated_dry_bulb_degc)


def _airflow_frac(
    rejection: Rejection,
    rated_kw: float,
    heat: Array,
    air_on: Array,
    supply_degc: float,
    return_degc: float,
    altitude_m: float,
) -> Array:
    """Fan speed over full speed at which a dry or adiabatic unit rejects the heat.

    q = (Q/Qr)·(ITDr/ITD), speed = q^(1/0.75); full speed where the supply temperature cannot be reached.
    """
    density = min(density_ratio(altitude_m), 1.0)
    full = rated_kw * np.maximum(_full_speed_frac(rejection, air_on, return_degc), 1e-9) * density
    speed = np.minimum(heat / full, 1.0) ** (1 / _AIRFLOW_EXPONENT)
    return np.asarray(np.where(_reached(rejection, air_on, supply_degc), speed, 1.0), dtype=float)


def _economiser_frac(
    rejection: Rejection, dry_bulb: Array, supply_degc: float, return_degc: float
) -> NDArray[np.float64]:
    """Share of a chiller's heat that its free-cooling coil takes before the evaporator."""
    reached = return_degc - (dry_bulb + (rejection.approach_min_k or 0.0))
    return np.clip(reached / (return_degc - supply_degc), 0.0, 1.0)
