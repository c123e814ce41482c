"""Folders of TOML laid over each other: a later folder changes single keys, and every key knows where it comes from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from prefab.errors import InputError
from prefab.tables import Frozen, Loc, key_of, place_of, read_tree, unprintable, validate_placed

Tree = dict[str, Any]


@dataclass(frozen=True)
class LayerFile:
    """One file of one folder."""

    folder: Path
    path: Path
    text: str
    tree: Tree

    @property
    def whole(self) -> bool:
        """Whether it describes its entry on its own: only a whole entry says where its unnamed figures come from."""
        provenance = self.tree.get("provenance")
        tables = provenance if isinstance(provenance, list) else []
        return any(isinstance(p, dict) and p.get("of") == "*" for p in tables)


@dataclass(frozen=True)
class Stack:
    """The files that make up one entry, the lowest first, and the tree that they give together."""

    name: str
    """`modules/pwm-2500`, `costs`: where it stands in a catalog, without its family."""
    files: tuple[LayerFile, ...]
    tree: Tree

    def loc(self, key: str) -> Loc | None:
        """Where a key such as `gives.capacity_kw` first stands in the merged tree; none where it does not."""
        return _loc_of(self.tree, tuple(key.split(".")))

    def place(self, loc: Loc) -> str:
        """File and line where a key of the merged tree stands; its nearest table's where it is missing."""
        file, own = self._owner(loc)
        return place_of(str(file.path), file.text, own)

    def folder(self, loc: Loc) -> Path:
        """The folder from which a key of the merged tree comes."""
        return self._owner(loc)[0].folder

    def _owner(self, loc: Loc) -> tuple[LayerFile, Loc]:
        best, found, depth = self.files[-1], loc, -1
        for file in reversed(self.files):
            own, reached = _own_loc(file.tree, self.tree, loc)
            if reached > depth:
                best, found, depth = file, own, reached
        return best, found


@dataclass(frozen=True)
class Kind:
    """What one folder or file of a catalog holds, and the field of the catalog that it fills."""

    place: str
    """A folder with one file an entry, or (ending in .toml) one file; either may lie in a folder."""
    model: type[Frozen]
    field: str
    key: str = "key"
    """The field that names an entry; it agrees with the name of its file."""
    inside: str = ""
    """The list in a file whose entries the catalog holds, instead of the file as a whole."""

    adds_up: bool = False
    """Files of one name in several folders stand side by side instead of lying over each other."""

    @property
    def is_file(self) -> bool:
        """Whether it is one file."""
        return self.place.endswith(".toml")

    def stands_alone(self, tree: Tree) -> bool:
        """Whether a file may be an entry by itself: whoever lays single keys over one does not repeat its name."""
        return self.is_file or self.adds_up or bool(self.inside) or self.key in tree


@dataclass(frozen=True)
class Entry:
    """One entry of a catalog with the files that it is made of."""

    kind: Kind
    stack: Stack
    data: Frozen

    @property
    def name(self) -> str:
        """`modules/pwm-2500`, `costs`."""
        return self.stack.name

    def place(self, key: str) -> str:
        """File and line of a key such as `gives.capacity_kw`; the nearest above it where the file has none."""
        while (loc := self.stack.loc(key)) is None and key:
            key = key.rpartition(".")[0]
        return self.stack.place(loc or ())

    def folder(self, key: str) -> Path:
        """The folder from which a key comes; that of the uppermost file where none has it."""
        return self.stack.folder(self.stack.loc(key) or ())

    def says(self, key: str | Loc, what: str) -> str:
        """A mistake at a key (`price.amount`) or a place (`("gives", 0, "carrier")`): *where: key: what; what is
        allowed*."""
        if isinstance(key, str):
            return f"{self.place(key)}: {key}: {what}"
        return f"{self.stack.place(key)}: {key_of(key)}: {what}"


def read_entries(kinds: tuple[Kind, ...], *trees: Path) -> tuple[dict[str, Entry], list[str]]:
    """Every entry that is in order by itself, and the mistakes of the others."""
    mistakes = [
        f"{tree}: no such folder; --catalog takes a folder laid out like prefab's catalog/"
        for tree in trees
        if not tree.is_dir()
    ]
    entries: dict[str, Entry] = {}
    for kind, name, files in _gather(kinds, trees, mistakes):
        stack, unsourced = make_stack(name, files)
        mistakes += unsourced
        try:
            entry = Entry(kind, stack, validate_placed(stack.tree, kind.model, stack.place))
        except InputError as error:
            mistakes += error.mistakes
            continue
        mistakes += _misnamed(entry)
        entries[name] = entry
    return entries, mistakes


def _gather(
    kinds: tuple[Kind, ...], trees: Iterable[Path], mistakes: list[str]
) -> Iterator[tuple[Kind, str, list[LayerFile]]]:
    """The files of every entry, the lowest first."""
    found: dict[str, tuple[Kind, list[LayerFile]]] = {}
    below: set[str] | None = None
    for tree in trees:
        here: dict[str, Path] = {}
        for path in list_files(tree):
            kind = _kind_of(kinds, path.relative_to(tree))
            if kind is None:
                places = ", ".join(sorted(k.place for k in kinds))
                mistakes.append(f"{path}: belongs to nothing in a catalog; allowed: {places}")
                continue
            name = kind.place.removesuffix(".toml") if kind.is_file else f"{kind.place}/{path.stem.lower()}"
            if name in here:
                mistakes.append(f"{path}: {path.stem!r} stands in {here[name]} too; one file an entry is allowed")
                continue
            here[name] = path
            try:
                file = read_file(tree, path)
            except InputError as error:
                mistakes += error.mistakes
                continue
            if below is not None and name not in below and not kind.stands_alone(file.tree):
                near = get_close_matches(name, below, n=1)
                hint = f"did you mean {near[0]}?" if near else f"an entry of its own gives {kind.key} and all the rest"
                mistakes.append(f"{path}: lies over nothing: there is no {name} below; {hint}")
                continue
            found.setdefault(name, (kind, []))[1].append(file)
        below = (below or set()) | here.keys()
    for name in sorted(found):
        kind, files = found[name]
        if kind.adds_up:
            for file in files:
                yield kind, f"{name} in {file.folder}", [file]
        else:
            yield kind, name, files


def _kind_of(kinds: tuple[Kind, ...], path: Path) -> Kind | None:
    """What a file holds, by its path in a catalog."""
    around = {p.as_posix() for p in path.parents}
    return next((k for k in kinds if (k.place == path.as_posix() if k.is_file else k.place in around)), None)


def _misnamed(entry: Entry) -> Iterator[str]:
    if entry.kind.is_file or entry.kind.inside:
        return
    key = getattr(entry.data, entry.kind.key)
    if entry.name != f"{entry.kind.place}/{key.lower()}":
        place = entry.stack.place((entry.kind.key,))
        yield f"{place}: {entry.kind.key}: {key!r} differs from the file's name; they must agree"


def list_files(folder: Path) -> list[Path]:
    """Every TOML file below a folder, in an order that does not depend on the machine."""
    return sorted(folder.rglob("*.toml"), key=lambda p: p.relative_to(folder).as_posix())


def read_file(folder: Path, path: Path) -> LayerFile:
    """One file as it stands.

    Raises:
        InputError: it cannot be read, is not TOML or holds invisible characters.
    """
    tree, text = read_tree(path)
    if mistakes := unprintable(tree, str(path), text):
        raise InputError(mistakes)
    return LayerFile(folder, path, text, tree)


def make_stack(name: str, files: Iterable[LayerFile]) -> tuple[Stack, list[str]]:
    """One entry from its files, the lowest first, and the figures that an upper file changes without a source."""
    first, *others = files
    stack = Stack(name, (first,), first.tree)
    mistakes: list[str] = []
    for file in others:
        if file.whole:
            stack = Stack(name, (file,), file.tree)
            continue
        mistakes += _unsourced(stack.tree, file)
        stack = Stack(name, (*stack.files, file), merge(stack.tree, file.tree))
    return stack, mistakes


def merge(lower: Tree, upper: Tree) -> Tree:
    """`upper` laid over `lower`: tables by key, lists of named tables by name, everything else replaced whole."""
    merged = dict(lower)
    for key, value in upper.items():
        below = lower.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            merged[key] = merge(below, value)
        elif (upper_names := _names(value)) and (lower_names := _names(below)):
            named = {name: lower[key][i] for name, i in lower_names.items()}
            for name, i in upper_names.items():
                named[name] = merge(named[name], value[i]) if name in named and key != "provenance" else value[i]
            merged[key] = list(named.values())
        else:
            merged[key] = value
    return merged


def _loc_of(tree: Any, names: tuple[str, ...]) -> Loc | None:
    if not names:
        return ()
    if isinstance(tree, list):
        found = ((i, _loc_of(value, names)) for i, value in enumerate(tree))
        return next(((i, *loc) for i, loc in found if loc is not None), None)
    if not isinstance(tree, dict) or names[0] not in tree:
        return None
    rest = _loc_of(tree[names[0]], names[1:])
    return None if rest is None else (names[0], *rest)


def _names(value: Any) -> dict[str, int] | None:
    """Place by name in a list of tables that all have a name of their own (`of` or `key`)."""
    if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
        return None
    names = [v.get("of", v.get("key")) for v in value]
    if not all(isinstance(n, str) for n in names) or len(set(names)) < len(names):
        return None
    return {n: i for i, n in enumerate(names)}


def _own_loc(own: Any, merged: Any, loc: Loc) -> tuple[Loc, int]:
    """The same place in one file's tree, and how many steps of it the file answers for.

    A list that is not laid over by name belongs to its file with everything that is missing in it.
    """
    found: list[str | int] = []
    for depth, part in enumerate(loc):
        if isinstance(part, int) and isinstance(own, list) and isinstance(merged, list) and part < len(merged):
            names, here = _names(merged), _names(own)
            if names is None or here is None:
                return (*found, *loc[depth:]), len(loc)
            name = next(n for n, i in names.items() if i == part)
            if name not in here:
                return (*found, *loc[depth:]), depth
            found.append(here[name])
            own, merged = own[here[name]], merged[part]
        elif isinstance(part, str) and isinstance(own, dict) and part in own:
            found.append(part)
            own, merged = own[part], merged.get(part) if isinstance(merged, dict) else None
        else:
            return (*found, *loc[depth:]), depth
    return tuple(found), len(loc)


def _unsourced(lower: Tree, file: LayerFile) -> Iterator[str]:
    """A changed figure brings its own provenance: what the entry below says of it is no longer true."""
    provenance = file.tree.get("provenance")
    tables = [p for p in provenance if isinstance(p, dict)] if isinstance(provenance, list) else []
    of = {p["of"] for p in tables if isinstance(p.get("of"), str)}
    said: set[str] = set()
    for key, loc, value in _figures(file.tree):
        if value == _value_at(lower, loc) or key in said:
            continue
        said.add(key)
        parts = key.split(".")
        if not of & {".".join(parts[: i + 1]) for i in range(len(parts))}:
            place = place_of(str(file.path), file.text, loc)
            yield f"{place}: {key}: changed without a source; add [[provenance]] with of = {key!r} to this file"


def _figures(tree: Any, key: str = "", loc: Loc = ()) -> Iterator[tuple[str, Loc, Any]]:
    """Every number, or list of numbers, with its key (without places in lists) and its place."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name != "provenance":
                yield from _figures(value, f"{key}.{name}" if key else name, (*loc, name))
    elif isinstance(tree, list) and any(isinstance(v, dict) for v in tree):
        for i, value in enumerate(tree):
            yield from _figures(value, key, (*loc, i))
    elif _numeric(tree):
        yield key, loc, tree


def _numeric(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_numeric(v) for v in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value_at(tree: Any, loc: Loc) -> Any:
    for part in loc:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return None
    return tree
