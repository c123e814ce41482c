"""What short circuits and load steps ask of a module of the electric supply."""

from pydantic import model_validator

from prefab.provenance import Fraction, NotNegative, Positive, Share
from prefab.tables import Frozen


class Electrical(Frozen):
    """Fractions are of the module's own rating, or of `rated_kva` where that is given."""

    rated_kva: Positive | None = None
    power_factor: Share | None = None
    """At which a generator is rated."""
    impedance_frac: Share | None = None
    """Short-circuit voltage of a transformer, or of a choke between what feeds it and what it feeds."""
    resistance_frac: Fraction | None = None
    """Its ohmic part."""
    subtransient_frac: Share | None = None
    """Direct-axis subtransient reactance x"d of a synchronous machine, saturated."""
    fault_current_frac: Positive | None = None
    """What an inverter gives into a short circuit, over its rated current."""
    static_bypass: bool = False
    """Whether its supply feeds its load without the inverter when the load asks too much."""
    step_load_frac: Share | None = None
    """The largest load that a generating set takes up at once."""
    walk_in_s: NotNegative = 0.0
    """Over which a UPS takes its load back from the battery when its supply has returned."""

    @model_validator(mode="after")
    def _whole(self) -> "Electrical":
        if (self.impedance_frac is None) != (self.resistance_frac is None):
            raise ValueError("give both impedance_frac and resistance_frac, or neither")
        if self.impedance_frac is not None and (self.resistance_frac or 0.0) >= self.impedance_frac:
            raise ValueError("resistance_frac must be below impedance_frac: it is part of it")
        if (self.subtransient_frac is None) != (self.power_factor is None):
            raise ValueError("give both subtransient_frac and power_factor, or neither")
        return self
