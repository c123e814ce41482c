"""What `reliability` finds: the availability of groups and subsystems."""

from dataclasses import dataclass

from prefab.physics.reliability import downtime_h


@dataclass(frozen=True)
class SideAvailability:
    """Modules in parallel on one bus or header."""

    skus: tuple[str, ...]
    count: int
    needed: int
    """With the other sides gone, or where none carries the load alone, as many gone as may be."""
    unit_frac: float
    """Availability of its least available module, with what serves only it."""


@dataclass(frozen=True)
class GroupAvailability:
    """Sides that take over from each other for one need, with what serves only them."""

    name: str
    """Where and which carrier: `B01 coolant`, `site utility_mv`."""
    sides: tuple[SideAvailability, ...]
    sides_needed: int
    """The fewest of the largest sides that carry the normal load."""
    tags: tuple[str, ...]
    within: tuple[str, ...]
    """SKUs that serve only one module or side of the group and are counted in it."""
    availability_frac: float
    ordered_frac: float
    """The same if every failed module had to be ordered anew, repair taking its lead time: a floor, without spares."""

    @property
    def downtime_h(self) -> float:
        """Hours a year."""
        return downtime_h(self.availability_frac)


@dataclass(frozen=True)
class SubsystemAvailability:
    """One subsystem at the pod of a block that has it worst, everything it needs upstream included."""

    block: int
    pod: str
    subsystem: str
    """`power`, `cooling`, `control`, `network`, `fabric` or `whole`."""
    availability_frac: float
    groups: tuple[GroupAvailability, ...]
    """In series, the greatest contributor first."""
    common_cause_frac: float
    """Used for every redundant group; print it beside the figures."""
    unrated: tuple[str, ...]
    """SKUs without mean times, and utilities without any, counted as always up."""

    @property
    def downtime_h(self) -> float:
        """Hours a year."""
        return downtime_h(self.availability_frac)

    @property
    def greatest(self) -> GroupAvailability | None:
        """The group that contributes most of the downtime; none where nothing is needed."""
        return self.groups[0] if self.groups else None


def text_of(group: GroupAvailability) -> str:
    """One line: what stands there, how much of it is needed, hours down a year."""
    sides = " or ".join(f"{s.needed} of {s.count} {' / '.join(s.skus)}" for s in group.sides)
    many = f" ({group.sides_needed} of {len(group.sides)} sides)" if group.sides_needed > 1 else ""
    within = f", with {', '.join(group.within)}" if group.within else ""
    return f"{group.name}: {sides or 'no feed'}{many}{within}: {group.downtime_h:.2g} h a year"
