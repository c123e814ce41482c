"""`prefab catalog list`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prefab.cli.catalog.near import near_miss
from prefab.cli.console import catalog_option, json_option, show

if TYPE_CHECKING:
    from prefab.catalog import Catalog
    from prefab.module import Module

_SORTS = ("family", "sku", "price", "lead", "mass")
_STATUSES = ("active", "preview", "last_order", "withdrawn")


@click.command("list")
@click.option("--family", help="Only this family.")
@click.option("--carrier", help="Only what gives this carrier.")
@click.option("--maker", help="Only of this manufacturer.")
@click.option("--region", help="Only what may be used in this region.")
@click.option("--status", type=click.Choice(_STATUSES), help="Only of this status.")
@click.option("--text", help="Only with this text in SKU, title, maker or notes.")
@click.option("--sort", type=click.Choice(_SORTS), default="family", show_default=True, help="The smallest first.")
@catalog_option
@json_option
def command(sort: str, text: str | None, folders: tuple[Path, ...], as_json: bool, **wanted: str | None) -> None:
    """List the modules with price, lead time and mass.

    \b
    Example:
      prefab catalog list --carrier coolant --region eu --sort price
    """
    import shutil

    from prefab.catalog import load_catalog

    catalog = load_catalog(*folders)
    found = [m for m in catalog.modules if _fits(m, _checked(catalog, wanted)) and _holds(m, text)]
    found.sort(key=lambda m: (_order(m, sort), m.sku))
    if as_json:
        show([_tree(m) for m in found])
        return
    if not found:
        click.echo("no module fits")
        return
    width = max(80, min(120, shutil.get_terminal_size((100, 24)).columns))
    # A family that all have in common says nothing and leaves its room to the titles.
    families = max(len(m.family) for m in found) + 1 if len({m.family for m in found}) > 1 else 0
    title = width - (13 + families + 13 + 6 + 9)
    click.echo(f"{'SKU':<13}{'family'[:families]:<{families}}{'title':<{title}}{'USD':>11}  {'weeks':>6}{'kg':>9}")
    for m in found:
        status = "" if m.lifecycle.status == "active" else f"{m.lifecycle.status}: "
        per = "/m" if m.stands == "per_metre" else "  "
        click.echo(
            f"{m.sku:<13}{m.family[:families]:<{families}}{_cut(status + m.title, title):<{title}}"
            f"{m.price_usd:>11,.0f}{per}{m.deployment.lead_weeks:>6.0f}{m.mass_kg:>9,.0f}"
        )


def _checked(catalog: "Catalog", wanted: dict[str, str | None]) -> dict[str, str]:
    """The filters that are given, each with a value that some module could have."""
    from typing import get_args

    from prefab.product import Region

    allowed = {
        "family": {m.family for m in catalog.modules},
        "carrier": {c.key for c in catalog.carriers},
        "maker": {m.manufacturer for m in catalog.modules},
        "region": set(get_args(Region)),
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    for name, value in given.items():
        if name in allowed:
            given[name] = near_miss(f"--{name}", value, allowed[name])
    return given


def _fits(module: "Module", wanted: dict[str, str]) -> bool:
    facts: dict[str, set[str]] = {
        "family": {module.family},
        "carrier": {g.carrier for g in module.gives},
        "maker": {module.manufacturer},
        "region": {str(r) for r in module.certification.regions} or {wanted.get("region", "")},
        "status": {module.lifecycle.status},
    }
    return all(value in facts[name] for name, value in wanted.items())


def _holds(module: "Module", text: str | None) -> bool:
    return text is None or any(
        text.casefold() in t.casefold() for t in (module.sku, module.title, module.manufacturer, module.notes)
    )


def _order(module: "Module", sort: str) -> Any:
    return {
        "family": module.family,
        "sku": "",
        "price": module.price_usd,
        "lead": module.deployment.lead_weeks,
        "mass": module.mass_kg,
    }[sort]


def _cut(text: str, width: int) -> str:
    return text if len(text) < width else text[: width - 2] + "…"


def _tree(module: "Module") -> dict[str, Any]:
    """The main figures for JSON."""
    from prefab.pricelist.rows import present_row

    row = present_row(module)
    return {
        "sku": module.sku,
        "family": module.family,
        "title": module.title,
        "manufacturer": module.manufacturer,
        "revision": module.revision,
        "status": module.lifecycle.status,
        "last_order": None if row.last_order is None else row.last_order.isoformat(),
        "price_usd": module.price_usd,
        "price": row.price,
        "currency": row.currency,
        "price_low": row.price_low,
        "price_high": row.price_high,
        "price_date": module.price.as_of.isoformat(),
        "lead_weeks": row.lead_weeks,
        "lead_low_weeks": row.lead_low,
        "lead_high_weeks": row.lead_high,
        "gives": [g.model_dump(mode="json", exclude_none=True) for g in module.gives],
        "needs": [n.carrier for n in module.needs],
        "sustained_kw": module.it.sustained_kw if module.it else None,
        "stands": module.stands,
        "length_mm": module.length_mm,
        "width_mm": module.width_mm,
        "height_mm": module.height_mm,
        "mass_kg": module.mass_kg,
        "transport_permit": module.transport.permit,
        "standards": list(module.certification.standards),
        "regions": list(module.certification.regions),
    }
