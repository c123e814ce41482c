"""The alternating-current supply of a plan as a pandapower network: a second opinion on load flow and fault levels.

It walks the plan's feeds on its own. Of our findings it takes nominal voltages and what loads, UPS, rectifiers and
converters draw at their inputs; what transformers lose, how loads add up and what flows into a fault is pandapower's.
Cables are left out, as in our rules. pandapower is the extra `grid`; it takes seconds to load, so that it is imported
when a network is asked for.
"""

import importlib
import math
from collections import defaultdict
from typing import Any, Literal

from prefab.errors import InputError
from prefab.module import Module, Need
from prefab.plan import GRID, Plan
from prefab.rules.network import UTILITIES, Network
from prefab.rules.short_circuits import ALTERNATING, Faults

Task = Literal["flow", "fault", "fault behind UPS"]
_WITHIN = (*ALTERNATING, "battery_ac")
_SWITCH_OHM = 1e-3
"""Of switchgear, so that its current is a result."""
_TAP_PERCENT = 1.25
_TAPS: dict[str, Any] = {
    "tap_side": "hv", "tap_changer_type": "Ratio", "tap_step_percent": _TAP_PERCENT,
    "tap_min": -8, "tap_neutral": 0, "tap_pos": 0, "tap_max": 8,
}  # fmt: skip
"""Of main transformers, which change them under load: an ordinary range, for the catalog states none."""
_BATTERIES = ("mv_storage", "battery_dc")
_FREQUENCY_HZ = 50
"""Where neither brief nor country says one; nothing in the network depends on it."""
_KINDS = {
    "bus": "create_buses",
    "switch": "create_switches",
    "trafo": "create_transformers_from_parameters",
    "impedance": "create_impedances",
    "gen": "create_gens",
    "sgen": "create_sgens",
    "load": "create_loads",
}


def make_grid(plan: Plan, phase: int, task: Task = "flow", lost: frozenset[str] = frozenset()) -> Any:
    """One phase as a `pandapowerNet`, tags as names; what is in parallel on one bus is one bus.

    `lost` modules are out of service; with `GRID` among them the generating sets feed the site. For faults couplers
    between sections are open; static bypasses conduct only for those behind UPS, for they open towards a fault of their
    supply, while chokes of rotary UPS always conduct. Of intake switchgear `MVS-A1 B03` is the ring of a block,
    `MVS-A1 B00` what hangs on it beside the blocks.
    Main transformers have controllers of their taps (`runpp(net, run_control=True)`).

    Raises:
        InputError: pandapower is not installed, the plan is not connected, or an impedance is not stated.
    """
    pp = _pandapower()
    if plan.connected is None:
        raise InputError("plan: is not connected; a network is made of its feeds")
    walked = _Walk(Network(plan, phase), task, lost)
    hz = plan.brief.restrict.frequency_hz or next(iter(plan.country.frequencies_hz if plan.country else ()), None)
    net = pp.create_empty_network(name=plan.brief.name, f_hz=float(hz or _FREQUENCY_HZ))
    for kind, create in _KINDS.items():
        rows = walked.rows[kind]
        if rows:
            columns = {key: [row[key] for row in rows] for key in rows[0]}
            getattr(pp, create)(net, **({"nr_buses": len(rows)} if kind == "bus" else {}), **columns)
    for row in walked.rows["ext_grid"]:
        pp.create_ext_grid(net, **row)
    for number in walked.tapped:
        for key, setting in _TAPS.items():
            net.trafo.loc[number, key] = setting
        limits = {"vm_lower_pu": 1 - _TAP_PERCENT / 100, "vm_upper_pu": 1 + _TAP_PERCENT / 100}
        pp.control.DiscreteTapControl(net, element_index=number, **limits)
    return net


def grid_text(plan: Plan) -> str:
    """The normal state of the last phase as pandapower writes it (`pandapower.from_json` reads it).

    Raises:
        InputError: as `make_grid`.
    """
    net = make_grid(plan, len(plan.brief.phases) - 1)
    text = _pandapower().to_json(net)
    assert isinstance(text, str)
    return text + "\n"


def _pandapower() -> Any:
    try:
        return importlib.import_module("pandapower")
    except ImportError:
        raise InputError("pandapower: is not installed; pip install 'prefab-dc[grid]' brings it") from None


class _Walk:
    """From the sources to the consumers: the rows of every table, in pandapower's words; buses by their number."""

    def __init__(self, network: Network, task: Task, lost: frozenset[str]) -> None:
        self.network, self.task, self.lost = network, task, lost
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.numbers: dict[str, int] = {}
        self.tapped: list[int] = []
        self.alive = network.alive(lost, network.order, UTILITIES)
        self.output_kw = network.flow(network.order, self.alive, {})
        self.nominal = Faults(network, "island" if GRID in lost else "utility")
        if GRID not in lost:
            self._utility()
        for tag in reversed(network.order):
            if tag in self.alive:
                self._module(tag)

    def _utility(self) -> None:
        grid, basis = self.network.plan.brief.grid, self.network.plan.basis.short_circuit
        mva = grid.short_circuit_mva or (basis.utility_mva(grid.voltage_kv) if basis else None)
        if mva is None or basis is None:
            raise InputError(
                "short_circuit: the plan's design basis does not state what the utility feeds into a fault"
            )
        bus = self._own(GRID)
        self.rows["ext_grid"].append({"bus": bus, "name": GRID, "s_sc_max_mva": mva, "rx_max": basis.r_over_x})

    def _module(self, tag: str) -> None:
        module, e = self.network.module(tag), self.network.equipment[tag]
        carrier = self.network.carriers[e.carrier]
        through = [n for n in module.needs if n.through and n.carrier in _WITHIN] if e.carrier in _WITHIN else []
        above = [point for need in through if (point := self._supplied(tag, need)) is not None]
        if e.carrier in _WITHIN and not carrier.autonomy:
            for point in above:
                self._branch(tag, module, point)
            if carrier.redundancy == "standby" and GRID in self.lost:
                self._machine(tag, module)
            if above:
                return
        self._load(tag)
        rotary = module.electrical is not None and module.electrical.subtransient_frac is not None
        conducts = self.task == "fault behind UPS" or (rotary and self.task == "fault")
        if conducts and carrier.autonomy and e.carrier in ALTERNATING:
            self._ups(tag, module, above)
        if self.task != "flow" and e.carrier in _BATTERIES:
            for need in (n for n in module.needs if n.carrier in _WITHIN):
                self._inverter(tag, module, self._supplied(tag, need))

    def _ups(self, tag: str, module: Module, above: list[int]) -> None:
        """What its bypass lets through to its output, or its inverter gives there; of a rotary one also its machine."""
        electrical = module.electrical
        if electrical is not None and electrical.subtransient_frac is not None:
            self._machine(tag, module)
        if electrical is not None and electrical.static_bypass:
            for point in above:
                self._branch(tag, module, point)
        else:
            self._inverter(tag, module, self._own(tag))

    def _supplied(self, tag: str, need: Need) -> int | None:
        """Where a need is met now: on the first of its feeds that lives, the normal one if it does."""
        for feed in self.network.preferred(tag, need):
            for supplier in feed.suppliers:
                if supplier in self.alive:
                    return self._point(tag, supplier)
        return None

    # Buses

    def _parallel(self, supplier: str) -> tuple[str, ...]:
        return self.network.buses.get(supplier, (supplier,))

    def _sections(self, supplier: str) -> list[tuple[str, ...]]:
        """Those of its bus that couplers join, the largest first."""
        connected = self.network.plan.connected
        bus, sections = self._parallel(supplier), connected.sections if connected else ()
        found = [tuple(t for t in bus if t in section) for section in sections]
        return sorted((section for section in found if section), key=len, reverse=True)

    def _joint(self, supplier: str) -> int:
        """The bus on which the consumers of a supplier hang."""
        return self._bus(_name(self._parallel(supplier)), self._kv(supplier))

    def _own(self, supplier: str) -> int:
        """The bus to which a supplier gives: that of its section, where it has one that is not the largest."""
        joint = self._joint(supplier)
        section = next((s for s in self._sections(supplier)[1:] if supplier in s), None)
        if section is None:
            return joint
        return self._behind(joint, _name(section), f"coupler {_name(section)}", closed=self.task == "flow")

    def _point(self, consumer: str, supplier: str) -> int:
        """Where a consumer hangs: on the ring of its block behind intake switchgear, otherwise on the bus."""
        joint = self._joint(supplier)
        if supplier == GRID or self.network.equipment[supplier].carrier != "mv_ac":
            return joint
        ring = f"{_name(self._parallel(supplier))} B{self.network.equipment[consumer].block:02d}"
        return self._behind(joint, ring, ring)

    def _behind(self, bus: int, name: str, switch: str, closed: bool = True) -> int:
        """A bus of the same voltage behind a switch."""
        if name not in self.numbers:
            self._switch(switch, bus, self._bus(name, self._kv_of(bus)), closed)
        return self.numbers[name]

    def _bus(self, name: str, kv: float) -> int:
        if name not in self.numbers:
            self.numbers[name] = len(self.rows["bus"])
            self.rows["bus"].append({"name": name, "vn_kv": kv})
        return self.numbers[name]

    def _kv_of(self, bus: int) -> float:
        return float(self.rows["bus"][bus]["vn_kv"])

    def _kv(self, supplier: str) -> float:
        if supplier == GRID:
            return self.network.plan.brief.grid.voltage_kv
        return self.nominal.voltage_kv((supplier,), self.network.equipment[supplier].carrier)

    # Elements

    def _switch(self, name: str, one: int, other: int, closed: bool = True) -> None:
        row = {"buses": one, "elements": other, "et": "b", "closed": closed, "name": name, "z_ohm": _SWITCH_OHM}
        self.rows["switch"].append(row)

    def _branch(self, tag: str, module: Module, above: int) -> None:
        """Switchgear, a choke or a transformer between what feeds a module and what it feeds."""
        below, electrical = self._own(tag), module.electrical
        above_kv, below_kv = self._kv_of(above), self._kv_of(below)
        uk = electrical.impedance_frac if electrical else None
        ukr = (electrical.resistance_frac if electrical else None) or 0.0
        alike, mva = _level(above_kv) == _level(below_kv), _rated_mva(module)
        if uk is None and not alike:
            raise InputError(f"{tag}: impedance_frac: {module.sku} does not state it; a transformer's must be stated")
        if uk is None:
            self._switch(tag, above, below)
        elif alike:
            ends = {"from_buses": above, "to_buses": below}
            self.rows["impedance"].append(
                ends | {"rft_pu": ukr, "xft_pu": math.sqrt(uk**2 - ukr**2), "sn_mva": mva, "name": tag}
            )
        else:
            no_load_kw = module.losses.points[0][1] if module.losses else 0.0
            ends = {"hv_buses": above, "lv_buses": below}
            rated = {"sn_mva": mva, "vn_hv_kv": above_kv, "vn_lv_kv": below_kv, "name": tag}
            across = {"vk_percent": 100 * uk, "vkr_percent": 100 * ukr}
            idle = {"pfe_kw": no_load_kw, "i0_percent": no_load_kw / 10 / mva}
            if _level(above_kv) == "high":
                self.tapped.append(len(self.rows["trafo"]))
            self.rows["trafo"].append(ends | rated | across | idle)

    def _machine(self, tag: str, module: Module) -> None:
        """A synchronous machine; IEC 60909 takes 0.07 x"d as resistance of those below 100 MVA, 0.15 below 1 kV."""
        electrical, bus = module.electrical, self._own(tag)
        if electrical is None or electrical.subtransient_frac is None:
            raise InputError(f"{tag}: subtransient_frac: {module.sku} does not state it; a machine's must be stated")
        kv, mva, xd = self._kv_of(bus), _rated_mva(module), electrical.subtransient_frac
        rated = {"sn_mva": mva, "vn_kv": kv, "cos_phi": electrical.power_factor, "name": tag}
        inside = {"xdss_pu": xd, "rdss_ohm": (0.07 if kv > 1 else 0.15) * xd * kv**2 / mva}
        self.rows["gen"].append({"buses": bus, "p_mw": 0.0, "slack": True} | rated | inside)

    def _inverter(self, tag: str, module: Module, bus: int | None) -> None:
        frac = module.electrical.fault_current_frac if module.electrical else None
        given = module.given(self.network.equipment[tag].carrier)
        if bus is not None and frac is not None and given is not None:
            mva = (given.capacity_kva or given.capacity_kw or 0.0) / 1000
            row = {"buses": bus, "p_mw": 0.0, "sn_mva": mva, "k": frac, "current_source": True, "name": tag}
            self.rows["sgen"].append(row)

    def _load(self, tag: str) -> None:
        """What a module takes of each bus that no UPS feeds."""
        drawn_kw: dict[int, float] = defaultdict(float)
        for supplier, kw in self.network.draws(tag, self.output_kw.get(tag, 0.0), self.alive):
            if self._feeds_loads(supplier):
                drawn_kw[self._point(tag, supplier)] += kw
        tangent = math.tan(math.acos(self.network.plan.basis.power_factor))
        for bus, kw in drawn_kw.items():
            row = {"buses": bus, "p_mw": kw / 1000, "q_mvar": kw / 1000 * tangent, "name": tag}
            self.rows["load"].append(row)

    def _feeds_loads(self, supplier: str) -> bool:
        if supplier in UTILITIES:
            return supplier == GRID
        carrier = self.network.carriers[self.network.equipment[supplier].carrier]
        return carrier.key in _WITHIN and not carrier.autonomy


def _name(bus: tuple[str, ...]) -> str:
    return bus[0] if len(bus) == 1 else f"{bus[0]}…{bus[-1]}"


def _level(kv: float) -> str:
    return "low" if kv <= 1 else "medium" if kv <= 52 else "high"


def _rated_mva(module: Module) -> float:
    """What the fractions of its impedances are of."""
    own = module.electrical.rated_kva if module.electrical else None
    return (own or max(g.capacity_kva or g.capacity_kw or 0.0 for g in module.gives)) / 1000
