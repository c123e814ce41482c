"""What differs between two catalogs, key by key, and which stored layouts that would change."""

import io
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from prefab.errors import InputError
from prefab.layers import Tree, list_files, merge, read_file

Figures = dict[str, Any]
"""Of one entry: value by key, such as `gives[critical_ac].capacity_kw`."""
Entries = dict[str, Figures]
"""By name, such as `modules/pwm-1500`, `source/epa-2024`."""

MAX_EXPORT_BYTES = 100_000_000
_GIT_SECONDS = 60
# What names a table in a list, the first that all tables of the list have and that differs.
_NAMES = ("sku", "key", "of", "carrier", "name", "code", "kind", "crew", "quantity", "title")


@dataclass(frozen=True)
class Change:
    """One key that differs; None where there is none."""

    key: str
    old: Any
    new: Any

    @property
    def relative(self) -> float | None:
        """New over old, less 1, of two numbers."""
        if isinstance(self.old, bool) or isinstance(self.new, bool) or not self.old:
            return None
        if isinstance(self.old, int | float) and isinstance(self.new, int | float):
            return self.new / self.old - 1
        return None


@dataclass(frozen=True)
class Difference:
    """From catalog A to catalog B."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: dict[str, tuple[Change, ...]]
    """By entry."""

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not (self.added or self.removed or self.changed)


def make_difference(a: Entries, b: Entries) -> Difference:
    """What is added, removed and changed from A to B."""
    changed: dict[str, tuple[Change, ...]] = {}
    for name in sorted(a.keys() & b.keys()):
        keys = list(dict.fromkeys((*a[name], *b[name])))
        own = [Change(k, a[name].get(k), b[name].get(k)) for k in keys if not _same(a[name].get(k), b[name].get(k))]
        if own:
            changed[name] = tuple(own)
    return Difference(tuple(sorted(b.keys() - a.keys())), tuple(sorted(a.keys() - b.keys())), changed)


def _same(a: Any, b: Any) -> bool:
    # In TOML 1 and true differ, 1 and 1.0 mean the same here.
    return bool(a == b and isinstance(a, bool) == isinstance(b, bool))


def read_entries(*folders: Path) -> Entries:
    """Every entry of folders laid over each other, as it stands: nothing is compared with today's types.

    Raises:
        InputError: with every file that is not TOML.
    """
    trees: dict[PurePosixPath, Tree] = {}
    mistakes: list[str] = []
    for folder in folders:
        for path in list_files(folder):
            try:
                file = read_file(folder, path)
            except InputError as error:
                mistakes += error.mistakes
                continue
            place = _place(PurePosixPath(path.relative_to(folder).as_posix()))
            below = trees.get(place)
            trees[place] = file.tree if below is None or file.whole else merge(below, file.tree)
    if mistakes:
        raise InputError(mistakes)
    entries: Entries = {}
    for place, tree in trees.items():
        entries |= _entries_of(place, tree)
    return entries


def _place(path: PurePosixPath) -> PurePosixPath:
    """Where an entry stands: modules without their family, as it is part of what they say."""
    stem = path.stem.lower()
    return PurePosixPath(path.parts[0], stem) if path.parts[0] == "modules" else path.with_name(stem)


def _entries_of(place: PurePosixPath, tree: Tree) -> Entries:
    """The file itself, and each table with a key in one of its lists: it is the same in whatever file it stands."""
    found: Entries = {}
    rest = dict(tree)
    for name, value in tree.items():
        tables = value if isinstance(value, list) else []
        if tables and all(isinstance(v, dict) and isinstance(v.get("key"), str) for v in tables):
            found |= {f"{name}/{v['key']}": dict(_figures(v)) for v in tables}
            del rest[name]
    if rest:
        found[str(place)] = dict(_figures(rest))
    return found


def make_changes(a: Tree, b: Tree) -> tuple[Change, ...]:
    """What differs between two trees of one kind, key by key."""
    return make_difference({"": dict(_figures(a))}, {"": dict(_figures(b))}).changed.get("", ())


def _figures(tree: Mapping[str, Any], key: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        yield from _figures_at(f"{key}.{name}" if key else name, value)


def _figures_at(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from _figures(value, key)
    elif isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        for name, table in zip(_names_in(value), value, strict=True):
            yield from _figures(table, f"{key}[{name}]")
    else:
        yield key, value


def _names_in(tables: list[dict[str, Any]]) -> list[str]:
    for name in _NAMES:
        names = [str(t[name]) for t in tables if name in t]
        if len(set(names)) == len(tables):
            return names
    return [str(i) for i in range(1, len(tables) + 1)]


def export_revision(revision: str, home: Path, into: Path) -> None:
    """The folder `home` as it was in a git revision, its TOML files written into the empty folder `into`.

    Raises:
        InputError: there is no git, no repository, no such revision, or the folder was not in it.
    """
    name = shown(revision)
    if revision.startswith("-") or not revision.strip() or "\0" in revision:
        raise InputError(f"{name}: neither a folder nor a git revision")
    _git(home, f"{home}: not in a git repository; name two folders", "rev-parse", "--is-inside-work-tree")
    wrong = f"{name}: neither a folder nor a git revision of {home}"
    commit = _git(home, wrong, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    sha = commit.decode("ascii").strip()
    packed = _git(home, f"{name}: has no {home.name}/", "archive", "--format=tar", sha, "--", ".")
    if len(packed) > MAX_EXPORT_BYTES:
        raise InputError(f"{name}: its {home.name}/ is larger than {MAX_EXPORT_BYTES:,} bytes")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            place = PurePosixPath(member.name)
            # Only plain files inside the folder: links and odd paths of a strange repository stay in the archive.
            if not member.isfile() or place.suffix != ".toml" or place.is_absolute() or ".." in place.parts:
                continue
            content = archive.extractfile(member)
            assert content is not None
            target = into / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
    if not list_files(into):
        raise InputError(f"{name}: has no {home.name}/")


def _git(home: Path, wrong: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(home), *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise InputError("git: not installed; name two folders, or install it to compare revisions") from None
    except subprocess.TimeoutExpired:
        raise InputError(f"git: no answer within {_GIT_SECONDS} s") from None
    if done.returncode:
        said = shown(done.stderr.decode("utf-8", "replace").strip().partition("\n")[0][:200])
        raise InputError(f"{wrong} ({said})" if said else wrong)
    return done.stdout


def shown(text: str) -> str:
    """Text of a stranger fit for a terminal."""
    return text if text.isprintable() else repr(text)


def text_of(value: Any) -> str:
    """A value as one line; numbers with commas, control characters escaped."""
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,.10g}"
    text = repr(value) if isinstance(value, str) else shown(str(value))
    return text if len(text) <= 100 else text[:99] + "…"


def lines_of(changes: Iterable[Change]) -> Iterator[str]:
    """One line a change, with the share by which a number changes."""
    for change in changes:
        share = f" ({change.relative:+.1%})" if change.relative is not None else ""
        yield f"{shown(change.key)}: {text_of(change.old)} -> {text_of(change.new)}{share}"
