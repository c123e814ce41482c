"""A price list into the TOML files of a catalog: single figures change, every other byte stays; all files or none."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Literal

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Float, Item

from prefab.catalog import Layered, load_layers
from prefab.errors import InputError
from prefab.layers import list_files
from prefab.module import Module
from prefab.pricelist.rows import PriceRow, merged_row, present_row
from prefab.tables import read_text

_KEYS = {
    "price": ("price", "amount"),
    "currency": ("price", "currency"),
    "price_date": ("price", "as_of"),
    "lead_weeks": ("deployment", "lead_weeks"),
    "status": ("lifecycle", "status"),
    "last_order": ("lifecycle", "last_order"),
}
# Which columns say a figure anew; the last two stand in its provenance as low and high.
_SOURCED = {
    "price.amount": ("price", "currency", "price_date", "price_low", "price_high"),
    "deployment.lead_weeks": ("lead_weeks", "lead_low", "lead_high"),
}
_BARE_END = re.compile(r"(?<!\r)\n")
_PROVENANCE = re.compile(r"^[ \t]*\[\[[ \t]*provenance[ \t]*\]\]", re.MULTILINE)


@dataclass(frozen=True)
class Origin:
    """What the provenance of an imported figure says."""

    source: str
    basis: Literal["fact", "interpolated", "judgement"]
    note: str


@dataclass(frozen=True)
class Edit:
    """One figure of a module, by its column in a price list, that changes."""

    sku: str
    column: str
    old: float | str | date | None
    new: float | str | date | None


@dataclass(frozen=True)
class FileChange:
    """A module's file as it will be."""

    path: Path
    text: str
    edits: tuple[Edit, ...]
    row: PriceRow
    """All that the catalog then says of the module."""


def make_edits(present: PriceRow, new: PriceRow) -> tuple[Edit, ...]:
    """The figures in which two rows differ."""
    return tuple(
        Edit(new.sku, f.name, getattr(present, f.name), getattr(new, f.name))
        for f in fields(PriceRow)
        if getattr(present, f.name) != getattr(new, f.name)
    )


def make_repriced(
    rows: Iterable[PriceRow], layered: Layered, into: Path, origin: Origin | None
) -> tuple[FileChange, ...]:
    """The files of the folder `into` that a price list changes or adds.

    Raises:
        InputError: figures change and there is no origin, or a file cannot be changed.
    """
    paths = {p.stem.lower(): p for p in list_files(into / "modules")} if (into / "modules").is_dir() else {}
    changes: list[FileChange] = []
    mistakes: list[str] = []
    for row in rows:
        module = layered.catalog.module(row.sku)
        present = present_row(module)
        new = merged_row(present, row)
        edits = make_edits(present, new)
        if not edits:
            continue
        if origin is None and {e.column for e in edits} - {"status", "last_order"}:
            raise InputError("--source: missing; prices or lead times change, name where they come from")
        path = paths.get(row.sku.lower()) or into / "modules" / module.family / f"{row.sku.lower()}.toml"
        try:
            text = _read_exactly(path) if path.exists() else f"# Laid over {row.sku} of the catalog below.\n"
            changes.append(FileChange(path, _edited(text, module, new, edits, origin), edits, new))
        except TOMLKitError as error:
            mistakes.append(f"{path}: cannot be changed: {error}")
    if mistakes:
        raise InputError(mistakes)
    return tuple(changes)


def check_repriced(changes: Sequence[FileChange], into: Path, below: Sequence[Path], is_base: bool) -> None:
    """Load the catalog as it would be, from a copy, and see that it loads and says what the list says.

    `into` lies over the shipped catalog and the folders `below` it, or where `is_base` stands for the shipped one.

    Raises:
        InputError: with every mistake it would have.
    """
    with tempfile.TemporaryDirectory(prefix="prefab-") as name:
        copy = Path(name) / "catalog"
        copy.mkdir()
        for path in list_files(into) if into.is_dir() else ():
            target = copy / path.relative_to(into)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        for change in changes:
            target = copy / change.path.relative_to(into)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(change.text.encode())
        try:
            after = load_layers(*below, base=copy) if is_base else load_layers(*below, copy)
        except InputError as error:
            raise InputError([m.replace(str(copy), str(into)) for m in error.mistakes]) from None
    mistakes = [
        f"{change.path}: {left.column}: would still be {left.old}, not {left.new}; change the catalog below instead"
        for change in changes
        for left in make_edits(present_row(after.catalog.module(change.row.sku)), change.row)
    ]
    if mistakes:
        raise InputError(mistakes)


def write_repriced(changes: Sequence[FileChange]) -> None:
    """Write every file beside its place, then put all in place; when one fails, those before it are put back.

    Raises:
        OSError: the disk refuses; nothing has changed.
    """
    written: list[tuple[Path, Path]] = []
    before: list[tuple[Path, bytes | None]] = []
    made: list[Path] = []
    try:
        for change in changes:
            target = change.path.resolve()
            made += _make_folder(target.parent)
            handle, name = tempfile.mkstemp(prefix=".prefab-", dir=target.parent)
            written.append((Path(name), target))
            with os.fdopen(handle, "wb") as file:
                file.write(change.text.encode())
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        for temporary, target in written:
            old = target.read_bytes() if target.exists() else None
            temporary.replace(target)
            before.append((target, old))
    except BaseException:
        for target, old in reversed(before):
            with suppress(OSError):
                target.unlink() if old is None else target.write_bytes(old)
        for temporary, _ in written:
            temporary.unlink(missing_ok=True)
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it; which ones were not there, the highest first."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()][::-1]
    for path in missing:
        path.mkdir()
    return missing


def _read_exactly(path: Path) -> str:
    """The text with its line ends as they are."""
    read_text(path)
    return path.read_bytes().decode()


def _edited(text: str, module: Module, new: PriceRow, edits: Sequence[Edit], origin: Origin | None) -> str:
    changed = {e.column for e in edits}
    keys = {column: key for column, key in _KEYS.items() if column in changed}
    if changed & {"price", "currency", "price_date"}:
        # A price stands with its currency and day: those of a layer below may change later.
        keys |= {column: _KEYS[column] for column in ("price", "currency", "price_date")}
    for table in dict.fromkeys(table for table, _ in keys.values()):
        text = _with_table(text, table)
    sourced = {of: columns for of, columns in _SOURCED.items() if changed & set(columns)} if origin else {}
    for of in sourced:
        text = _with_provenance(text, of)
    tree: Any = tomlkit.parse(text)
    for column, (table, key) in keys.items():
        _put(tree[table], key, getattr(new, column))
    for of, columns in sourced.items():
        entry = next(p for p in tree["provenance"] if p["of"] == of)
        assert origin is not None
        _put(entry, "source", origin.source)
        _put(entry, "basis", origin.basis)
        _put(entry, "low", getattr(new, columns[-2]))
        _put(entry, "high", getattr(new, columns[-1]))
        # A list without a band says nothing of the band that stays.
        stays = not changed & set(columns[-2:]) and {getattr(new, c) for c in columns[-2:]} != {None}
        _put(entry, "note", origin.note + (" Its band is that of before." if stays else ""))
        # What stood here was about the figure that stood here; a fact names what it repeats.
        what = "list price" if of == "price.amount" else "lead time"
        fact = f"{module.manufacturer} / {module.sku} / {what}"
        _put(entry, "fact", fact if origin.basis == "fact" else None)
        _put(entry, "times", None)
    done = tomlkit.dumps(tree)
    # Keys that are new end as all the other lines do.
    return done if _BARE_END.search(text) else _BARE_END.sub("\r\n", done)


def _with_table(text: str, name: str) -> str:
    """The text with a table of this name, before the provenance, which stands last."""
    if name in tomlkit.parse(text):
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    found = _PROVENANCE.search(text)
    if found:
        return f"{text[: found.start()]}[{name}]{end}{end}{text[found.start() :]}"
    return f"{_closed(text, end)}{end}[{name}]{end}"


def _with_provenance(text: str, of: str) -> str:
    """The text with a provenance of this figure, at its end."""
    tables: Any = tomlkit.parse(text).get("provenance", ())
    if any(p.get("of") == of for p in tables):
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    return f'{_closed(text, end)}{end}[[provenance]]{end}of = "{of}"{end}'


def _closed(text: str, end: str) -> str:
    return text if text.endswith("\n") else text + end


def _put(table: Any, key: str, value: float | str | date | None) -> None:
    """Set or take away one key; one that says the same already keeps the way it is written."""
    if value is None:
        table.pop(key, None)
    elif key not in table or table[key] != value:
        table[key] = _item(value, table.get(key))


def _item(value: float | str | date, old: Item | None) -> Item:
    if isinstance(value, str | date):
        return tomlkit.item(value)
    return tomlkit.value(_digits(value, isinstance(old, Float)))


def _digits(value: float, as_float: bool) -> str:
    """A number as the catalog writes it: `_` between thousands from 10,000 on, a point where there was one."""
    group = "_" if abs(value) >= 10_000 else ""
    if not value.is_integer():
        return f"{value:{group}}"
    return f"{int(value):{group}}" + (".0" if as_float else "")
