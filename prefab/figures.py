"""Every figure of a catalog entry with where it comes from, for counting and for showing."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from prefab.provenance import Provenance, Sourced
from prefab.tables import Frozen

_NOT_FIGURES = frozenset({"provenance", "week"})
"""What describes the figures, and what is filled in from another entry."""


def figures(entry: Sourced) -> Iterator[tuple[str, Any, Provenance]]:
    """Every number that the entry's file gives, as (key, value, provenance); a curve or a year by month is one.

    Keys are those of provenance, without places in lists: `gives.capacity_kw`.
    """
    for key, value in _numbers(entry, ""):
        yield key, value, entry.source_of(key)


def _numbers(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Frozen):
        for name in type(value).model_fields:
            if name in value.model_fields_set and name not in _NOT_FIGURES:
                yield from _numbers(getattr(value, name), f"{key}.{name}" if key else name)
    elif isinstance(value, tuple) and any(isinstance(v, Frozen) for v in value):
        for v in value:
            yield from _numbers(v, key)
    elif _numeric(value):
        yield key, value


def _numeric(value: Any) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(_numeric(v) for v in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def basis_counts(entries: Iterable[Sourced]) -> dict[str, int]:
    """How many figures of the entries are facts, interpolated and judgements."""
    counts = Counter(provenance.basis for entry in entries for _, _, provenance in figures(entry))
    return {basis: counts[basis] for basis in ("fact", "interpolated", "judgement")}
