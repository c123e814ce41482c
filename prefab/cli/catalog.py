"""`prefab catalog`: what is in the catalog, and whether it is in order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from prefab.cli.console import catalog_option, json_option, show
from prefab.errors import InputError


@click.group("catalog")
def command() -> None:
    """List, show and check the catalog; write its JSON Schemas.

    \b
    Example:
      prefab catalog list --family power
    """


@command.command("list")
@click.option("--family", help="Only this family.")
@catalog_option
@json_option
def list_modules(family: str | None, folders: tuple[Path, ...], as_json: bool) -> None:
    """List the modules with price, lead time and size."""
    from difflib import get_close_matches

    from prefab.catalog import load_catalog
    from prefab.units import number

    catalog = load_catalog(*folders)
    families = sorted({m.family for m in catalog.modules})
    if family is not None and family not in families:
        near = get_close_matches(family, families, n=1)
        hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(families)}"
        raise InputError(f"--family: {family!r} is not in the catalog; {hint}")
    found = [m for m in catalog.modules if family in (None, m.family)]
    if as_json:
        show([{"sku": m.sku, "family": m.family, "title": m.title, "price_usd": m.price_usd} for m in found])
        return
    for name in families:
        own = [m for m in found if m.family == name]
        if own:
            click.echo(name)
        for m in own:
            weeks = f"{m.deployment.lead_weeks:g} wk"
            click.echo(f"  {m.sku:<13}{m.title[:56]:<58}{number(m.price_usd):>12} USD{weeks:>9}")


@command.command("show")
@click.argument("sku")
@catalog_option
@json_option
def show_module(sku: str, folders: tuple[Path, ...], as_json: bool) -> None:
    """Show one module with the source of every figure."""
    from difflib import get_close_matches

    from prefab.catalog import load_catalog

    catalog = load_catalog(*folders)
    skus = [m.sku for m in catalog.modules]
    if sku.upper() not in skus:
        near = get_close_matches(sku.upper(), skus, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "see `prefab catalog list`"
        raise InputError(f"{sku}: no such module; {hint}")
    module = catalog.module(sku.upper())
    tree = module.model_dump(mode="json", exclude_defaults=True)
    if as_json:
        show(tree)
        return
    titles = {s.key: s for s in catalog.sources}
    provenance = tree.pop("provenance")
    for line in _outline(tree):
        click.echo(line)
    click.echo("figures:")
    for p in provenance:
        band = f", {_plain(p['low'])} to {_plain(p['high'])}" if "low" in p and "high" in p else ""
        source = titles[p["source"]]
        click.echo(f"  {p['of']}: {p['basis']}{band}; {source.title} {source.url}")
        if p.get("note"):
            click.echo(f"    {p['note']}")


def _outline(tree: Any, indent: str = "") -> Iterator[str]:
    """A tree as indented lines, numbers plain."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield f"{indent}{key}"
            yield from _outline(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for entry in value:
                yield f"{indent}{key}"
                yield from _outline(entry, indent + "  ")
        elif isinstance(value, list):
            yield f"{indent}{key}: " + ", ".join(" ".join(_plain(x) for x in point) for point in value)
        else:
            yield f"{indent}{key}: {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,.6g}" if abs(value) < 100_000 else f"{value:,.0f}"


@command.command("check")
@catalog_option
def check(folders: tuple[Path, ...]) -> None:
    """Check every file of the catalog; exit 1 when there are mistakes."""
    from prefab.catalog import load_catalog

    try:
        catalog = load_catalog(*folders)
    except InputError as error:
        for line in error.mistakes:
            click.echo(line)
        click.echo(f"{len(error.mistakes)} mistakes")
        raise SystemExit(1) from None
    families = {m.family for m in catalog.modules}
    click.echo(f"in order: {len(catalog.modules)} modules in {len(families)} families, digest {catalog.digest()[:12]}")


@command.command("schema")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the JSON Schemas.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
def schema(out: Path, force: bool) -> None:
    """Write JSON Schemas for editors: brief, module, plan and the other catalog files."""
    import json

    from prefab.brief import SiteBrief
    from prefab.catalog import Carriers, Climate, Costs, DesignBasis, Sources, Tariff, Workload
    from prefab.cli.console import check_out, write_out
    from prefab.module import Module
    from prefab.plan import Plan
    from prefab.tables import Frozen

    types: tuple[type[Frozen], ...] = (
        SiteBrief,
        Module,
        Plan,
        Carriers,
        Climate,
        Workload,
        Tariff,
        Costs,
        DesignBasis,
        Sources,
    )
    texts = {f"{t.__name__.lower()}.schema.json": json.dumps(t.model_json_schema(), indent=1) + "\n" for t in types}
    check_out(out, texts, force)

    def write(folder: Path) -> None:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")

    write_out(out, write)
    for name in texts:
        click.echo(out / name)
