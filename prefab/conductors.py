"""Which cables and pipes carry a run: the cheapest whose ampacity, voltage drop or velocity allows its load.

Cables side by side share the current evenly. Drop: sqrt(3) I L (r cos + x sin) between phases, 2 I L r of direct
current.
"""

from dataclasses import dataclass
from math import pi, sqrt

from prefab.materials import CableSeries, CableSize, Laid, PipeSeries, PipeSize
from prefab.units import need

DROP_MAX_FRAC = 0.03
"""Of the nominal voltage along one run; 5 % in all is the usual limit of an installation."""
CIRCUITS_MAX = 8
"""More cables side by side are not laid: a busway is, or another voltage."""
PIPES_MAX = 4
HOT_DEGC = 70.0
"""The warmest water assumed where the temperature of a loop is not known."""
_MATERIAL = {"steel": "steel", "stainless": "stainless steel", "hdpe": "polyethylene"}
_ALPHA = {"copper": 0.00393, "aluminium": 0.00403}
_CONDUCTOR_DEGC = 70.0


@dataclass(frozen=True)
class Feeder:
    """What a cable run has to do."""

    load_kw: float
    voltage_kv: float
    """Between phases, or between the poles of direct current."""
    length_m: float
    power_factor: float = 1.0
    system: str = "ac"

    @property
    def current_a(self) -> float:
        """In every conductor."""
        if self.system == "dc":
            return self.load_kw / self.voltage_kv
        return self.load_kw / (sqrt(3) * self.voltage_kv * self.power_factor)


@dataclass(frozen=True)
class Loop:
    """What a pair of pipes has to do."""

    carrier: str
    load_kw: float
    rise_k: float
    density_kg_per_l: float
    heat_capacity_kj_per_kg_k: float
    temperature_max_degc: float = HOT_DEGC

    @property
    def flow_l_per_s(self) -> float:
        """At the full load."""
        return self.load_kw / (self.density_kg_per_l * self.heat_capacity_kj_per_kg_k * self.rise_k)


@dataclass(frozen=True)
class Choice:
    """What is laid along a run."""

    title: str
    count: int
    """Circuits, or pairs of pipes, side by side."""
    usd_per_m: float
    """Laid, with its share of trench, per metre of route."""


def voltage_drop_v(feeder: Feeder, r_ohm_per_km: float, x_ohm_per_km: float, count: int = 1) -> float:
    """Between phases or poles, at this resistance."""
    along = feeder.current_a * feeder.length_m / 1000 / count
    if feeder.system == "dc":
        return 2 * along * r_ohm_per_km
    reactive = sqrt(1 - feeder.power_factor**2)
    return sqrt(3) * along * (r_ohm_per_km * feeder.power_factor + x_ohm_per_km * reactive)


def choose_cable(laid: Laid, feeder: Feeder) -> Choice | None:
    """The cheapest cables of the lowest voltage class that suffices; none where the materials have nothing."""
    series = [s for s in laid.cables if s.system == feeder.system and s.voltage_max_kv >= feeder.voltage_kv]
    lowest = min((s.voltage_max_kv for s in series), default=0.0)
    found = [
        (price, count, size.section_mm2, s.key, s.circuit(size))
        for s in series
        if s.voltage_max_kv == lowest
        for size in s.size
        for count, price in [_circuits(laid, s, size, feeder)]
        if count <= CIRCUITS_MAX
    ]
    if not found or feeder.load_kw <= 0:
        return None
    price, count, _, _, circuit = min(found)
    return Choice(circuit if count == 1 else f"{count} circuits of {circuit}", count, price)


def _circuits(laid: Laid, series: CableSeries, size: CableSize, feeder: Feeder) -> tuple[int, float]:
    """How many, and what they cost per metre of route."""
    by_current = need(feeder.current_a / (size.ampacity_a * series.grouped_frac))
    hot = size.r_ohm_per_km * (1 + _ALPHA[series.conductor] * (_CONDUCTOR_DEGC - series.r_at_degc))
    drop_v = voltage_drop_v(feeder, hot, size.x_ohm_per_km)
    count = max(1, by_current, need(drop_v / (DROP_MAX_FRAC * 1000 * feeder.voltage_kv)))
    each = series.cables_per_circuit * size.usd_per_m + series.laying_usd_per_m + _trench_usd_per_m(laid, series)
    return count, count * each


def choose_pipe(laid: Laid, loop: Loop) -> Choice | None:
    """The cheapest flow and return whose velocity stays within limits; none where the materials have nothing."""
    found = [
        (price, pairs, size.dn, s.key, _MATERIAL[s.material])
        for s in laid.pipes
        if loop.carrier in s.carriers and s.temperature_max_degc >= loop.temperature_max_degc
        for size in s.size
        for pairs, price in [_pairs(laid, s, size, loop)]
        if pairs <= PIPES_MAX
    ]
    if not found or loop.load_kw <= 0:
        return None
    price, pairs, dn, _, material = min(found)
    return Choice(f"{2 * pairs} x DN{dn} {material}", pairs, price)


def _pairs(laid: Laid, series: PipeSeries, size: PipeSize, loop: Loop) -> tuple[int, float]:
    """How many, and what they cost per metre of route."""
    carries_l_per_s = pi / 4 * (size.bore_mm / 1000) ** 2 * size.velocity_max_m_per_s * 1000
    pairs = max(1, need(loop.flow_l_per_s / carries_l_per_s))
    return pairs, pairs * (2 * size.usd_per_m + _trench_usd_per_m(laid, series))


def _trench_usd_per_m(laid: Laid, series: CableSeries | PipeSeries) -> float:
    """The share of one circuit or pair of pipes; none where they are not laid in a trench."""
    return laid.trench(series.trench).usd_per_m_of_circuit if series.trench else 0.0
