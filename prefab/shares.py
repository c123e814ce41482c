"""What storage is kept for: the part of each storage module that belongs to one duty, and to no other."""

from typing import Annotated, Literal

from pydantic import Field

from prefab.provenance import Key, NotNegative, Sku
from prefab.tables import Frozen

Duty = Literal["reserve", "swing", "ramp", "shaving"]
"""For the grid to call on; the swings of synchronous training; starts and ends of jobs; hours above the connection.
What keeps computers running on the UPS is no duty: it is never touched."""


class Share(Frozen):
    """All modules of one type together: those of the site, or those of one block of a kind."""

    duty: Duty
    carrier: Key
    """What the modules give."""
    sku: Sku
    kind: str = ""
    """Of block; empty for the site's batteries."""
    phase: Annotated[int, Field(ge=0)] = 0
    """From which the site's plan keeps it so, until the next phase says otherwise; a block's own never changes."""
    demand: Annotated[int, Field(ge=0)] = 0
    """The number of the IT demand whose swings these are."""
    power_kw: NotNegative
    """At the connection of the storage, either way."""
    energy_kwh: NotNegative
    """Likewise, between the fullest and the emptiest that the duty takes it."""
    swing_kw: NotNegative = 0.0
    """Peak to peak, that the storage is set to take up; where the load swings less it takes up that."""
    relief_kw: NotNegative = 0.0
    """By how much less the site draws at its peak."""
