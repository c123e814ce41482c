"""Every source can be found again, and every basis is what it says."""

import math
from collections.abc import Iterator
from datetime import date

from prefab.catalog_check.entries import Entries
from prefab.figures import figures
from prefab.layers import Entry
from prefab.module import Module
from prefab.provenance import Provenance, Sourced, Sources

OWN_WORD = "prefab-judgement"
_BANDED = ("price.amount", "deployment.lead_weeks")


def check(entries: Entries, _today: date) -> Iterator[str]:
    """Title, date and address of sources; judgements give a reason, facts what they repeat; bands hold their figure."""
    for _, entry in sorted(entries.items()):
        if isinstance(entry.data, Sources):
            for i, source in enumerate(entry.data.source):
                for key in ("title", "date"):
                    if not getattr(source, key).strip():
                        yield entry.says(("source", i, key), f"{source.key!r} has none; it must be given")
                if source.url and not source.url.startswith(("https://", "http://")):
                    what = f"{source.url!r}; an address (https://) or, for a document named by its title, nothing"
                    yield entry.says(("source", i, "url"), what)
        if not isinstance(entry.data, Sourced):
            continue
        for i, p in enumerate(entry.data.provenance):
            if what := _basis(p, isinstance(entry.data, Module)):
                yield entry.says(("provenance", i, "basis"), f"{p.of}: {what}")
        yield from _bands(entry, entry.data)
        if isinstance(entry.data, Module):
            for key in _BANDED:
                p = entry.data.source_of(key)
                if p.of != key or p.low is None or p.high is None:
                    yield entry.says(key, f"has no band; [[provenance]] of = {key!r} with low and high must be given")


def _bands(entry: Entry, data: Sourced) -> Iterator[str]:
    """A figure lies in its own band; where a key has several figures (one a carrier), the band is of a typical one."""
    values: dict[str, list[float]] = {}
    for key, value, _ in figures(data):
        if isinstance(value, int | float):
            values.setdefault(key, []).append(value)
    for i, p in enumerate(data.provenance):
        low, high = -math.inf if p.low is None else p.low, math.inf if p.high is None else p.high
        if low > high:
            yield entry.says(("provenance", i, "low"), f"{p.of}: {low:,.9g} is above high, {high:,.9g}; low <= high")
        elif len(found := values.get(p.of, [])) == 1 and not low <= found[0] <= high:
            at = ("provenance", i, "low" if found[0] < low else "high")
            yield entry.says(
                at, f"{p.of}: {found[0]:,.9g} is not from {low:,.9g} to {high:,.9g}; low <= figure <= high"
            )


def _basis(p: Provenance, of_module: bool) -> str:
    if p.basis == "judgement" and not p.note.strip():
        return "a judgement without its reason; note must be given"
    if p.basis == "fact" and p.source == OWN_WORD:
        return f"{OWN_WORD!r} publishes nothing; 'judgement' or 'interpolated' is allowed"
    if p.basis == "fact" and of_module and not p.fact:
        return "names no published figure; fact must be given, or 'interpolated' is allowed"
    if p.basis != "fact" and p.fact:
        return f"{p.basis!r} repeats a published figure; 'fact' is allowed"
    return ""
