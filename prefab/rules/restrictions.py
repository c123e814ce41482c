"""Every module is one that the brief, the country and the maker allow at this site."""

from collections.abc import Iterable

from prefab.brief import SiteBrief
from prefab.module import Module
from prefab.plan import Plan
from prefab.results import Finding

TITLE = "Modules allowed here"
BASIS = "brief [restrict]; catalog certification, transport, lifecycle, sound_power_dba; countries"
WISHES = (
    "restrict.makers",
    "restrict.exclude_makers",
    "restrict.only",
    "restrict.standards",
    "restrict.frequency_hz",
    "restrict.low_voltage_v",
    "restrict.transport_length_mm",
    "restrict.transport_width_mm",
    "restrict.transport_height_mm",
    "restrict.transport_mass_kg",
    "restrict.sound_power_max_dba",
    "restrict.exclude_refrigerants",
    "restrict.without_water",
)
RULE = "restrictions"


def check(plan: Plan) -> tuple[Finding, ...]:
    """One finding per module and demand that it does not meet, and one that counts the modules."""
    assert plan.connected is not None
    used = {e.sku for e in plan.connected.equipment}
    modules = [m for m in plan.modules if m.sku in used]
    broken = [
        Finding(RULE, module.sku, False, 1.0, 0.0, "faults", "==", text)
        for module in modules
        for text in _faults(plan, module)
    ]
    total = float(len(modules))
    wrong = float(len({f.where for f in broken}))
    return (*broken, Finding(RULE, "site", not broken, total - wrong, total, "modules", "==", "modules allowed here"))


def _faults(plan: Plan, module: Module) -> Iterable[str]:
    brief, asked = plan.brief, plan.brief.restrict
    own = {g.carrier for g in module.gives}
    alike = (m for m in plan.modules if m.family == module.family and own & {g.carrier for g in m.gives})
    if module.sku not in asked.only and any(m.sku in asked.only for m in alike):
        yield "another module of its family is the only one allowed"
    if asked.makers and module.manufacturer not in asked.makers:
        yield f"its maker {module.manufacturer!r} is not among those allowed"
    if module.manufacturer in asked.exclude_makers:
        yield f"its maker {module.manufacturer!r} is excluded"
    yield from _uncertified(plan, module)
    shipped = module.transport
    for name, has, most in (
        ("length", shipped.length_mm, asked.transport_length_mm),
        ("width", shipped.width_mm, asked.transport_width_mm),
        ("height", shipped.height_mm, asked.transport_height_mm),
        ("mass", shipped.mass_kg, asked.transport_mass_kg),
    ):
        if most is not None and most < has:
            yield f"{name} {has} of its largest piece is more than the route's {most}"
    if asked.sound_power_max_dba is not None and module.stands == "site":
        loud = module.sound_power_dba or 0.0
        if loud > asked.sound_power_max_dba:
            yield f"{loud:g} dB(A) is louder than {asked.sound_power_max_dba:g}"
    if module.rejection is not None:
        if module.rejection.refrigerant in asked.exclude_refrigerants:
            yield f"refrigerant {module.rejection.refrigerant} is excluded"
        if asked.without_water and module.rejection.water_m3_per_h > 0:
            yield "it evaporates water"
    ends, begins = module.lifecycle.last_order, module.lifecycle.first_order
    if module.lifecycle.status == "withdrawn" or (ends and brief.as_of > ends) or (begins and brief.as_of < begins):
        yield f"it cannot be ordered on {brief.as_of}"


def _uncertified(plan: Plan, module: Module) -> Iterable[str]:
    asked, has, country = plan.brief.restrict, module.certification, plan.country
    accepted = asked.standards or (country.standards if country else has.standards)
    if not any(s in has.standards for s in accepted):
        yield f"it meets {', '.join(has.standards)}, not {' or '.join(accepted)}"
    if country is not None and has.regions and country.region not in has.regions:
        yield f"it is not offered in {country.region}"
    frequencies = country.frequencies_hz if country and asked.frequency_hz is None else (asked.frequency_hz,)
    if any(f is not None and f not in has.frequencies_hz for f in frequencies):
        yield "it is not built for the site's frequency"
    volts = asked.low_voltage_v
    if volts is not None and has.voltages_v and all(v != volts for v in has.voltages_v):
        yield f"it is not offered for {volts:g} V"


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    stated = brief.restrict.model_dump(exclude_defaults=True, mode="json")
    said = "".join(f"; {key.replace('_', ' ')}: {_listed(value)}" for key, value in stated.items())
    return f"Modules are certified for {brief.site.country} and can be ordered on {brief.as_of}{said}."


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
