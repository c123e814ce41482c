"""Short-circuit currents by IEC 60909: one equivalent voltage source at the fault, loads and shunts left out.

Impedances are complex, in ohm a phase, at the voltage of the bus that they are given for. Inverters are sources of
current. Checked against the pandapower suite (https://github.com/e2nIEE/pandapower/tree/master/pandapower/test/shortcircuit).
"""

import math
from collections.abc import Iterable

C_MAX = 1.1
"""Voltage factor for the largest currents above 1 kV, and below where the voltage may be 10 % too high."""
C_MAX_6 = 1.05
"""The same up to 1 kV where it may be 6 % too high."""
MEDIUM_VOLTAGE_KV = 1.0


def voltage_factor(voltage_kv: float) -> float:
    """c for the largest currents at a nominal voltage; low voltages are held within 6 %."""
    return C_MAX if voltage_kv > MEDIUM_VOLTAGE_KV else C_MAX_6


def grid_ohm(short_circuit_mva: float, voltage_kv: float, r_over_x: float = 0.1, c: float = C_MAX) -> complex:
    """The utility behind its connection: Zq = c Un² / Sk"."""
    return _split(c * voltage_kv**2 / short_circuit_mva, r_over_x)


def transformer_ohm(
    rated_mva: float, voltage_kv: float, impedance_frac: float, resistance_frac: float, c: float
) -> complex:
    """One transformer, seen from the side of `voltage_kv` (its rated voltage there), corrected by KT.

    KT = 0.95 cmax / (1 + 0.6 xT); the impedance is the short-circuit voltage uk over 100 %, the resistance its ohmic
    part. `c` is that of the low-voltage side.
    """
    reactance_frac = math.sqrt(impedance_frac**2 - resistance_frac**2)
    corrected = 0.95 * c / (1 + 0.6 * reactance_frac)
    return corrected * complex(resistance_frac, reactance_frac) * voltage_kv**2 / rated_mva


def generator_ohm(
    rated_mva: float,
    rated_kv: float,
    subtransient_frac: float,
    power_factor: float,
    bus_kv: float | None = None,
    resistance_frac: float | None = None,
) -> complex:
    """One synchronous generator on a bus (of its own rated voltage unless said), corrected by KG.

    KG = Un / UrG · cmax / (1 + x"d sin φ). Unless given, the resistance is the standard's fictitious one for machines
    under 100 MVA: 0.07 x"d above 1 kV, 0.15 x"d below.
    """
    if resistance_frac is None:
        resistance_frac = (0.07 if rated_kv > MEDIUM_VOLTAGE_KV else 0.15) * subtransient_frac
    bus_kv = rated_kv if bus_kv is None else bus_kv
    sine = math.sqrt(1 - power_factor**2)
    corrected = bus_kv / rated_kv * voltage_factor(bus_kv) / (1 + subtransient_frac * sine)
    return corrected * complex(resistance_frac, subtransient_frac) * rated_kv**2 / rated_mva


def referred_ohm(impedance_ohm: complex, from_kv: float, to_kv: float) -> complex:
    """The same impedance seen from the other side of a transformer of these rated voltages."""
    return impedance_ohm * (to_kv / from_kv) ** 2


def parallel_ohm(impedances_ohm: Iterable[complex]) -> complex | None:
    """Everything in parallel; None where there is nothing."""
    admittance = sum((1 / z for z in impedances_ohm), 0j)
    return 1 / admittance if admittance else None


def fault_ka(impedance_ohm: complex | None, voltage_kv: float, c: float, inverters_ka: float = 0.0) -> float:
    """Ik" of a three-phase fault: c Un / (√3 |Zk|), and what inverters beside it add, taken as in phase."""
    behind = 0.0 if impedance_ohm is None else c * voltage_kv / (math.sqrt(3) * abs(impedance_ohm))
    return behind + inverters_ka


def rated_ka(rated_mva: float, voltage_kv: float) -> float:
    """Rated current of a three-phase machine or inverter."""
    return rated_mva / (math.sqrt(3) * voltage_kv)


def _split(magnitude_ohm: float, r_over_x: float) -> complex:
    reactance = magnitude_ohm / math.sqrt(1 + r_over_x**2)
    return complex(r_over_x * reactance, reactance)
