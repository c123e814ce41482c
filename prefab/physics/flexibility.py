"""How much a load gives up for its grid: energy of an event, and hours of full load in a year."""

_HOURS = 8760


def shed_kwh(load_kw: float, depth_frac: float, duration_h: float) -> float:
    """Energy that an event gives up: a share of a load for some hours."""
    return load_kw * depth_frac * duration_h


def full_load_hours(curtailed_frac: float) -> float:
    """Hours of full load a year that a share of the energy at full load all year amounts to.

    So curtailment is counted in https://hdl.handle.net/10161/32077; events of part of the load last longer together.
    """
    return curtailed_frac * _HOURS
