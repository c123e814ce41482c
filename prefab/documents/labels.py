"""Short texts that several documents print in the same way."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

from prefab.brief import SiteBrief
from prefab.market import Tariff
from prefab.plan import Group, Plan, Plant, write_plan
from prefab.proposal import Compliance, Proposal, rating_text
from prefab.results import DemandYield, Finding, Projection
from prefab.units import number

REVISION = "1"
"""A plan has no earlier issue; a changed plan is another plan with a mark of its own."""
_FAMILIES = {
    "it_pod": "IT pods",
    "power": "UPS and power modules",
    "electrical_house": "Electrical houses",
    "supercapacitor": "Supercapacitors",
    "busway": "Busways",
    "air_cooling": "Air cooling",
    "heat_rejection": "Heat rejection",
    "control_room": "Control rooms",
    "fabric": "Fabric, storage and management pods",
    "rotary_ups": "Rotary UPS",
    "dc_power": "800 V DC power",
    "ups_storage": "UPS batteries",
    "hv_bay": "High-voltage bays",
    "house_transformer": "House transformers",
    "battery_conversion": "Battery converters",
    "network": "Meet-me rooms",
    "fire": "Fire protection",
    "water": "Water treatment",
    "buffer_tank": "Buffer tanks",
    "cdu": "Coolant distribution units",
    "pump": "Pump skids",
    "intake": "Medium-voltage intake",
    "transformer": "Transformers",
    "main_transformer": "Main transformers",
    "generator": "Generating sets",
    "fuel": "Fuel tanks",
    "battery": "Grid batteries",
    "control": "Controls",
}
_SHORT = {"fat": "factory test", "cop": "COP"}
# The longer ending before the shorter one that it ends with.
_UNITS = (
    ("_frac_per_100m", "fraction per 100 m"),
    ("_frac_per_k", "fraction per K"),
    ("_usd_per_kwh", "$/kWh"),
    ("_usd_per_kw", "$/kW"),
    ("_usd_per_m2", "$/m²"),
    ("_usd_per_m", "$/m"),
    ("kw_per_kw", "kW/kW"),
    ("_g_per_kwh", "g/kWh"),
    ("_l_per_kwh", "L/kWh"),
    ("_l_per_h", "L/h"),
    ("_tokens_per_s", "tokens/s"),
    ("_days_per_block", "days per block"),
    ("_per_day_count", "per day"),
    ("_count", "count"),
    ("_tokens_mean", "tokens"),
    ("_frac", "fraction"),
    ("_weeks", "weeks"),
    ("_days", "days"),
    ("_points", "points"),
    ("_tflops", "TFLOPS"),
    ("_degc", "°C"),
    ("_dba", "dB(A)"),
    ("_hz", "Hz"),
    ("_v", "V"),
    ("_usd", "$"),
    ("_kwh", "kWh"),
    ("_kva", "kVA"),
    ("_lpm", "L/min"),
    ("_min", "min"),
    ("_kw", "kW"),
    ("_kv", "kV"),
    ("_kg", "kg"),
    ("_mm", "mm"),
    ("_k", "K"),
    ("_m", "m"),
    ("_w", "W"),
    ("_b", "billion"),
    ("_h", "h"),
    ("_l", "L"),
    ("_s", "s"),
    ("_a", "A"),
)


def family_title(family: str) -> str:
    """A family's name for reading; that of a new family from its key."""
    return _FAMILIES.get(family) or family.replace("_", " ").capitalize()


def rating_of(plan: Plan, sku: str, carrier: str) -> str:
    """What one module gives of a carrier: `2,500 kVA`, or in the carrier's own unit: `8 bays of 600 mm`."""
    return rating_text(plan.module(sku), plan.carrier(carrier))


def redundancy_of(plan: Plan, carrier: str) -> str:
    """The redundancy that the brief asks of a carrier; stored fuel and energy are asked for by their amount."""
    found = plan.carrier(carrier)
    if found.medium == "fuel" or carrier == "mv_storage":
        return "as stored"
    return plan.brief.redundancy.of(found.redundancy, critical=found.autonomy)


def units_of(plan: Plan, member: Group | Plant, among: Sequence[Group] | Sequence[Plant]) -> str:
    """Of modules that each serve one module of another group, how many there are for each: `6 for each UPS-1250`."""
    served = next((g for g in among if g.carrier == member.unit_for), None)
    if served is None:
        return ""
    each = _count(member) / _count(served) if _count(served) else 0.0
    return f"{number(each, 0 if each == round(each) else 1)} for each {served.sku}"


def _count(group: Group | Plant) -> int:
    return group.sides * (group.per_side if isinstance(group, Group) else group.per_side[-1])


def count_of(group: Group | Plant) -> str:
    """How many: `2 x 3` on two sides, else `3`; of the site's plant those of the last phase."""
    per_side = group.per_side if isinstance(group, Group) else group.per_side[-1]
    return f"{group.sides} x {per_side}" if group.sides == 2 else str(per_side)


def kwh_per_mtok_text(value: float, site: float) -> str:
    """Energy per million tokens with digits enough that the parts of the site's figure still differ."""
    return f"{value:.{3 if site >= 1 else 4}f}"


def not_comparable(found: Projection | DemandYield) -> str:
    """The warning that a figure per token stands beside no other, to be put behind a note; empty where it may."""
    return f"; not comparable: {found.not_comparable}" if found.not_comparable else ""


def energy_price_text(proposal: Proposal) -> str:
    """What a kilowatt-hour costs in the mean of the year, all charges in, and how the tariff is made."""
    p = proposal.projection
    price = p.energy_usd_per_mtok * p.mtok.base / (p.site_mwh * 1000 * (p.yields[0].energy_frac if p.yields else 1.0))
    return f"{price:.4f} $/kWh in the mean of the year, {_tariff_form(proposal.plan.tariff)}"


def _tariff_form(tariff: Tariff) -> str:
    """The shape of a tariff in words: how its hours are priced, and what comes on top."""
    if tariff.period:
        form = f"{len(tariff.period)} periods of day and season"
    elif tariff.month_hour_usd_per_kwh:
        form = "a price for every hour of the mean day of each month"
    elif tariff.hourly_usd_per_kwh:
        form = "a price for each hour of the year"
    else:
        form = "one price for every hour"
    more = (
        (tariff.demand, "demand charges"),
        (tariff.adder, "levies"),
        (tariff.fixed_usd_per_month, "fixed charges"),
        (tariff.tax_frac, "tax"),
    )
    named = [words for value, words in more if value]
    return form + (f", with {', '.join(named)}" if named else "")


def faults_text(proposal: Proposal) -> str:
    """What a draft must say on every page and sheet: the broken rules with their number of findings; else nothing."""
    counts: dict[str, int] = {}
    for finding in proposal.faults:
        counts[finding.rule] = counts.get(finding.rule, 0) + 1
    named = ", ".join(f"{rule.replace('_', ' ')} ({count})" for rule, count in counts.items())
    return f"DRAFT. DOES NOT KEEP: {named}" if named else ""


def site_voltage(brief: SiteBrief) -> str:
    """Voltage and capacity of the utility connection."""
    steps = f" in {counted(len(brief.grid.series), 'step')}" if brief.grid.series else ""
    return f"{brief.grid.voltage_kv:g} kV, {brief.grid.capacity_mw:g} MW contracted{steps}"


def installed_it_kw(plan: Plan, demand: str | None = None) -> float:
    """Sustained power of all pods, or of those for one of several IT demands: whole pods are often more than the brief
    asks for."""
    kinds = zip(plan.sized.kinds, plan.sized.blocks, strict=True)
    chosen = ((kind, counts[-1]) for kind, counts in kinds if demand is None or kind.demand == demand)
    powers = ((plan.module(kind.pod).it, kind.pods * count) for kind, count in chosen)
    return sum(it.sustained_kw * count for it, count in powers if it)


def loads_by_demand(plan: Plan) -> list[tuple[str, float, float, str]]:
    """Of every IT demand, where there are several: its name, the MW asked and installed, and the blocks that serve it:
    `2 blocks of kind a`."""
    rows = []
    for demand in plan.brief.it.demand:
        asked_mw = sum(part.it_mw for p in plan.brief.phases for part in p.split if part.demand == demand.name)
        kinds = zip(plan.sized.kinds, plan.sized.blocks, strict=True)
        blocks = [
            f"{counted(counts[-1], 'block')} of kind {kind.name}"
            for kind, counts in kinds
            if kind.demand == demand.name
        ]
        rows.append((demand.name, asked_mw, installed_it_kw(plan, demand.name) / 1000, " and ".join(blocks)))
    return rows


def design_peak(proposal: Proposal) -> Finding | None:
    """The finding on the utility connection in the last phase."""
    return next((f for f in reversed(proposal.findings) if f.rule == "grid_limit"), None)


def counted(count: int, noun: str) -> str:
    """A count with its noun: `1 module`, `2 modules`."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def figure_title(path: str) -> str:
    """A figure's key of the catalog for reading, its unit behind it: `Rejection: approach min, K`."""
    whole, unit = path, ""
    for suffix, written in _UNITS:
        if path.endswith(suffix):
            whole, unit = path.removesuffix(suffix).rstrip("."), f", {written}"
            break
    words = whole.replace(".", ": ").replace("_", " ")
    for short, written in _SHORT.items():
        words = words.replace(f": {short}", f": {written}")
    return words[:1].upper() + words[1:] + unit


def basis_text(proposal: Proposal) -> str:
    """How many of the figures listed are facts, interpolated or judged."""
    counts = Counter(a.basis for a in proposal.assumptions)
    facts, between, judged = (number(counts[basis]) for basis in ("fact", "interpolated", "judgement"))
    return (
        f"Of the {number(counts.total())} figures below {facts} repeat a published one, {between} are interpolated "
        f"between or worked out from published ones, {judged} are judgement."
    )


def plan_mark(plan: Plan) -> str:
    """First digits of the SHA-256 of the plan file: the same on every document of one plan."""
    return sha256(write_plan(plan).encode()).hexdigest()[:12]


def headroom_frac_of(finding: Finding) -> float | None:
    """How much room a finding leaves over its limit, where that means something."""
    return None if finding.sense == "==" or finding.limit == 0 else round(finding.headroom_frac, 6)


def headroom_of(finding: Finding | None) -> str:
    """The same in percent."""
    room = None if finding is None else headroom_frac_of(finding)
    return "" if room is None else f"{room:+.1%}"


def figures_of(finding: Finding | None) -> str:
    """Actual value, sense, limit and unit of a finding."""
    if finding is None:
        return ""
    sense = {"<=": "≤", ">=": "≥", "==": "="}[finding.sense]
    return f"{_figure(finding.actual)} {sense} {_figure(finding.limit)} {finding.unit.replace('degC', '°C')}"


def _figure(value: float) -> str:
    """Three significant digits, whole numbers in full."""
    if value == round(value) or abs(value) >= 100:
        return number(value)
    return f"{value:.3g}"


def result_of(row: Compliance) -> str:
    """Whether a rule is kept, or finds nothing to check at this site."""
    if row.kept is None:
        return "nothing asked"
    return "kept" if row.kept else "NOT KEPT"
