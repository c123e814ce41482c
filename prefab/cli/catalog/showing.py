"""`prefab catalog show`."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prefab.cli.catalog.near import near_miss
from prefab.cli.console import catalog_option, json_option, show

if TYPE_CHECKING:
    from prefab.layers import Entry
    from prefab.module import Module
    from prefab.provenance import Provenance, Source
    from prefab.tables import Loc

_NAMING = ("carrier", "crew", "sku", "name", "kind", "side")


@click.command("show")
@click.argument("sku")
@catalog_option
@json_option
def command(sku: str, folders: tuple[Path, ...], as_json: bool) -> None:
    """Show every figure of one module: value, band, basis and source; with --catalog also from which folder.

    \b
    Example:
      prefab catalog show PWM-1500
    """
    from prefab.catalog import load_layers

    layered = load_layers(*folders)
    sku = near_miss("SKU", sku.upper(), {m.sku for m in layered.catalog.modules}, "see `prefab catalog list`")
    module, entry = layered.catalog.module(sku), layered.module(sku)
    sources = {s.key: s for s in layered.catalog.sources}
    if as_json:
        show(_tree(module, entry, sources))
        return
    numbers = {p.of: i for i, p in enumerate(module.provenance, 1)}
    click.echo(f"{module.sku}  {module.title}")
    # Also where the file leaves them out and the usual holds.
    said = (module.family, module.manufacturer, module.stands.replace("_", " "), module.lifecycle.status)
    click.echo(", ".join(said))
    click.echo("\nfigures (basis, number of the source below):")
    for key, name, loc, value in _figures(entry.stack.tree):
        click.echo(_line(module, entry, key, name, loc, value, numbers, bool(folders)))
    click.echo("\nsources:")
    for p in module.provenance:
        source = sources[p.source]
        click.echo(f"  [{numbers[p.of]}] {', '.join(t for t in (source.title, source.date, source.url) if t)}")
        for text in (f"repeats {p.fact}" + (f", times {p.times:g}" if p.times != 1 else "") if p.fact else "", p.note):
            if text:
                click.echo(f"      {text}")


def _line(
    module: "Module",
    entry: "Entry",
    key: str,
    name: str,
    loc: "Loc",
    value: Any,
    numbers: dict[str, int],
    with_layer: bool,
) -> str:
    text = f"  {name}: {_plain(value)}"
    if _is_figure(value):
        p = module.source_of(key)
        band = _band(p, key)
        text += f" ({_plain(band[0])} to {_plain(band[1])})" if None not in band else ""
        text += f"  {p.basis} [{numbers[p.of]}]"
    return text + (f"  from {entry.stack.folder(loc)}" if with_layer else "")


def _band(p: "Provenance", key: str) -> tuple[float | None, float | None]:
    """What a provenance says of this very figure; that of a table around it has no band for one of its keys."""
    return (p.low, p.high) if p.of == key else (None, None)


def _tree(module: "Module", entry: "Entry", sources: dict[str, "Source"]) -> dict[str, Any]:
    """A module for JSON: what it is, and every figure with where it comes from."""
    figures = []
    for key, name, loc, value in _figures(entry.stack.tree):
        figure: dict[str, Any] = {"key": name, "value": value.isoformat() if isinstance(value, date) else value}
        if _is_figure(value):
            p = module.source_of(key)
            source = sources[p.source]
            low, high = _band(p, key)
            figure |= {"low": low, "high": high, "basis": p.basis, "fact": p.fact, "note": p.note}
            figure["source"] = {"key": source.key, "title": source.title, "date": source.date, "url": source.url}
        figures.append({**figure, "layer": str(entry.stack.folder(loc))})
    return {"sku": module.sku, "title": module.title, "family": module.family, "figures": figures}


def _figures(tree: Any, key: str = "", name: str = "", loc: "Loc" = ()) -> Iterator[tuple[str, str, "Loc", Any]]:
    """Every value: its key as provenance names it, as it is shown (with the place in lists), its place, itself."""
    for part, value in tree.items():
        if not key and part == "provenance":
            continue
        own, shown, at = (f"{key}.{part}", f"{name}.{part}", (*loc, part)) if key else (part, part, (part,))
        if isinstance(value, dict):
            yield from _figures(value, own, shown, at)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for i, (what, table) in enumerate(zip(_names(value), value, strict=True)):
                yield from _figures(table, own, f"{shown}[{what}]", (*at, i))
        else:
            yield own, shown, at, value


def _names(tables: list[dict[str, Any]]) -> list[str]:
    """What each table of a list is called; a second one of a name (the port of side B) is numbered."""
    names = [next((str(t[n]) for n in _NAMING if n in t), "") for t in tables]
    return [
        (f"{name} {names[: i + 1].count(name)}" if names.count(name) > 1 else name) if name else str(i + 1)
        for i, name in enumerate(names)
    ]


def _is_figure(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_is_figure(v) for v in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(" ".join(_plain(x) for x in v) if isinstance(v, list) else _plain(v) for v in value)
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,.6g}" if abs(value) < 100_000 else f"{value:,.0f}"
