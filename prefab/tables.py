"""TOML (and JSON) to frozen data, with every mistake of a file at once."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import rtoml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from prefab.errors import InputError

_MAX_BYTES = 5_000_000
# Control, bidi and invisible characters have no place in a name and would disturb terminals and documents.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")

# A table's heading; lines of an array over several lines may begin with a bracket too, but not with a name in it.
_HEAD = re.compile(r"\s*\[\[?\s*([A-Za-z_][\w.-]*)\s*\]\]?\s*(?:#.*)?$")


class Frozen(BaseModel):
    """Parent of all data: immutable, strict, no unknown keys, finite numbers only."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


T = TypeVar("T", bound=Frozen)


def read_text(path: Path) -> str:
    """The file as text, its lines ended by `\\n` whatever ends them in the file.

    Raises:
        InputError: not there, not readable, larger than 5 MB or not UTF-8.
    """
    try:
        text = read_bytes(path, _MAX_BYTES, "a file prefab reads").decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path, max_bytes: int, what: str, where: str = "") -> bytes:
    """The file as it lies on the disk; mistakes call it `where` (else by its path) and say that `what` is smaller.

    Raises:
        InputError: not there, not readable or larger than `max_bytes`.
    """
    where = where or str(path)
    try:
        if path.stat().st_size > max_bytes:
            raise InputError(f"{where}: larger than {max_bytes:,} bytes; {what} is smaller")
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{where}: no such file") from None
    except OSError as error:
        raise InputError(f"{where}: cannot be read ({error.strerror})") from None


Loc = tuple[str | int, ...]
"""Where in a tree: names of keys, and places in lists."""


def read_tree(path: Path) -> tuple[dict[str, Any], str]:
    """The tables of one TOML file, and its text.

    Raises:
        InputError: the file cannot be read or is not TOML.
    """
    text = read_text(path)
    try:
        return rtoml.loads(text), text
    except rtoml.TomlParsingError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from None


def read_toml(path: Path, model: type[T]) -> T:
    """Read one TOML file as `model`.

    Raises:
        InputError: with every mistake in the file, each with its key and, where known, its line.
    """
    tree, text = read_tree(path)
    return validate(tree, model, str(path), text)


def validate(tree: dict[str, Any], model: type[T], where: str, text: str = "") -> T:
    """Check a parsed tree against `model`; `text` (the file's source) lets mistakes name their line."""
    return validate_placed(tree, model, lambda loc: place_of(where, text, loc), unprintable(tree, where, text))


def validate_placed(tree: dict[str, Any], model: type[T], place: Callable[[Loc], str], found: Iterable[str] = ()) -> T:
    """Check a tree that may come from several files: `place` says where a key stands; `found` was wrong before."""
    mistakes = list(found)
    try:
        # Strict JSON mode takes dates, enums and tuples from text and lists, but never "5" for a number.
        data = model.model_validate_json(json.dumps(tree, default=_json_value))
    except ValidationError as error:
        mistakes += [_mistake(e, model, place) for e in _own(error.errors(include_url=False))]
    else:
        if not mistakes:
            return data
    raise InputError(mistakes)


def unprintable(tree: dict[str, Any], where: str, text: str = "") -> list[str]:
    """The texts that hold control or invisible characters, one mistake each."""
    if text and "\\" not in text and not _UNPRINTABLE.search(text):
        return []
    return [
        f"{place_of(where, text, loc)}: {key_of(loc)}: holds a control or invisible character; plain text is allowed"
        for loc, value in _texts(tree)
        if _UNPRINTABLE.search(value)
    ]


def place_of(where: str, text: str, loc: Loc) -> str:
    """File and, where it is found, line of a key."""
    line = _line_of(text, loc)
    return f"{where}:{line}" if line else where


def _own(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without "too short" about a list whose entries have mistakes of their own: pydantic counts those as missing."""
    return [
        e
        for e in errors
        if e["type"] != "too_short" or not any(o is not e and o["loc"][: len(e["loc"])] == e["loc"] for o in errors)
    ]


def _json_value(value: Any) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _texts(tree: Any, path: Loc = ()) -> Iterable[tuple[Loc, str]]:
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _texts(key, (*path, key))
            yield from _texts(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _texts(value, (*path, index))


def key_of(path: Iterable[str | int]) -> str:
    """A place as text: `gives[0].capacity_kw`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "(the whole file)"


def _mistake(error: ErrorDetails, model: type[BaseModel], place_at: Callable[[Loc], str]) -> str:
    path = error["loc"]
    place = place_at(path)
    if error["type"] == "extra_forbidden":
        allowed = _fields_at(model, path[:-1])
        near = get_close_matches(str(path[-1]), allowed, n=1)
        hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(sorted(allowed))}"
        return f"{place}: {key_of(path)}: unknown key; {hint}"
    if error["type"] == "missing":
        return f"{place}: {key_of(path)}: missing; it must be given"
    given = error.get("input")
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    message = error["msg"].removeprefix("Value error, ")
    if not path:
        return f"{place}: {message}"
    return f"{place}: {key_of(path)}: {message[:1].lower()}{message[1:]}{shown}"


def _fields_at(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _model_in(inner)) is not None:
            return found
    return None


def _line_of(text: str, path: Loc) -> int | None:
    """The line where the key (else its table) stands; best effort, for hand-written files."""
    names = [str(p) for p in path if isinstance(p, str)]
    index = next((p for p in path if isinstance(p, int)), 0)
    if not text or not names:
        return None
    lines = text.split("\n")
    tables = {i: head[1] for i, line in enumerate(lines) if (head := _HEAD.match(line))}
    heads = [i for i, name in tables.items() if name == names[0]]
    if heads:
        start = heads[min(index, len(heads) - 1)]
        if len(names) == 1:
            return start + 1
    else:
        start = 0
    # A key stands before the next table: what follows is another table's key of the same name.
    end = next((i for i in tables if i > start), len(lines)) if heads else next(iter(tables), len(lines))
    key = re.compile(rf"\s*([\w.-]+\.)?{re.escape(names[-1])}\s*[=.]")
    for i in range(start, end):
        if key.match(lines[i]):
            return i + 1
    return start + 1 if heads else None
