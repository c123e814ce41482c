"""Where figures come from: the shape that every catalog file shares."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from prefab.tables import Frozen

Sku = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{1,29}$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Text = Annotated[str, Field(max_length=400)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(gt=0)]
Millimetres = Annotated[int, Field(gt=0, le=100_000)]
Curve = Annotated[tuple[tuple[float, float], ...], Field(min_length=4)]
"""Points (x, y) with rising x, read as straight lines between them and level beyond the ends."""


class Provenance(Frozen):
    """Where figures come from; `of` is a key of the file (`price.amount`), a table (`deployment`) or `*`, the rest."""

    of: str
    source: Key
    """A key of sources.toml."""
    basis: Literal["fact", "interpolated", "judgement"]
    low: float | None = None
    high: float | None = None
    note: Text = ""
    fact: Text = ""
    """The published figure that a fact repeats, as `maker / product / attribute`."""
    times: float = 1.0
    """The figure here over the published one: racks a pod, or another unit."""


class Sourced(Frozen):
    """Data in which every figure names its source."""

    provenance: Annotated[tuple[Provenance, ...], Field(min_length=1)]

    def source_of(self, key: str) -> Provenance:
        """The provenance of one figure: its own, else that of the nearest table around it, else the file's `*`."""
        named = {p.of: p for p in self.provenance}
        while key not in named and "." in key:
            key = key.rpartition(".")[0]
        return named.get(key) or named["*"]

    @model_validator(mode="after")
    def _has_default(self) -> "Sourced":
        of = [p.of for p in self.provenance]
        if "*" not in of or len(set(of)) != len(of):
            raise ValueError("provenance needs exactly one entry with of = '*' and no key twice")
        return self


class Source(Frozen):
    """One publication or reference."""

    key: Key
    title: Text
    url: Text = ""
    """Its address; a source without one is a document named by its title."""
    date: Text = ""
    """Of publication as far as it is known, else `read` and the month in which it was read."""
    trust: Text = ""


class Sources(Frozen):
    """File `sources.toml`."""

    source: tuple[Source, ...]
