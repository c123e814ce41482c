"""What computes, and how many tokens it makes, if any: cards, the accelerators under them and the shape of a day."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Literal, TypeVar

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from prefab.provenance import Curve, Fraction, Key, NotNegative, Positive, Share, Sourced, Text
from prefab.tables import Frozen

TokenBasis = Literal["output", "total_input_plus_output", "training"]
"""Which tokens a figure counts; one that counts prompts too is several times larger than one that does not."""
PowerBasis = Literal["gpu_board", "server_ac", "all_in"]
"""What a power figure encloses: accelerator boards, the whole server at its inlet, or the provisioned facility. They
differ by roughly 1 : 1.3 : 2."""
Match = Literal["own", "proxy"]

_Hours = Annotated[tuple[Share, ...], Field(min_length=24, max_length=24)]
# Published energy times published rate, against the power stated beside it: rounding of three figures.
_POWER_TOLERANCE_FRAC = 0.02
_IDLE_TOLERANCE_W = 1.0


class Span(Frozen):
    """A figure with its low and its high case."""

    low: Positive
    base: Positive
    high: Positive

    @model_validator(mode="after")
    def _in_order(self) -> "Span":
        if not self.low <= self.base <= self.high:
            raise ValueError("low, base and high must rise in that order")
        return self


class Profile(Sourced):
    """The shape of demand over a week, hour by hour over the week's highest hour."""

    key: Key
    title: Text
    hours: Text
    """Which clock the trace kept, and how it is read as the site's local standard time."""
    weekday_frac: _Hours
    weekend_frac: _Hours

    @model_validator(mode="after")
    def _peak_is_one(self) -> "Profile":
        if max(*self.weekday_frac, *self.weekend_frac) != 1.0:
            raise ValueError("weekday_frac and weekend_frac are relative to the week's highest hour: it must be 1.0")
        return self


class Accelerator(Sourced):
    """One accelerator as pods and workload cards name it."""

    key: Key
    name: Text
    """As pods and cards write it."""
    title: Text
    maker: Text
    available: Text
    """Year or date of first deliveries, or the year announced."""
    board_limit_w: Positive
    """Default power limit of one accelerator."""
    idle_w: Positive
    """Of one accelerator with a model in its memory and nothing to do."""
    memory_gb: Positive
    price_usd: Span
    """Per accelerator as bought within its server or rack, the share of host and in-rack network included."""
    life_years: Span


class Swing(Frozen):
    """Power swings of synchronous training: all accelerators compute and wait together."""

    frequency_low_hz: Positive
    frequency_high_hz: Positive
    depth_frac: Span
    """Peak to trough over the power of the accelerators at the peak, before any smoothing."""
    period_s: Span | None = None
    """One iteration, the slowest of its swings: what the energy of storage goes by."""
    high_frac: Span | None = None
    """Share of the iteration at the high level, when the swing is drawn with two levels."""

    @model_validator(mode="after")
    def _in_range(self) -> "Swing":
        if self.frequency_low_hz >= self.frequency_high_hz:
            raise ValueError("frequency_low_hz must be below frequency_high_hz")
        if self.depth_frac.high > 1:
            raise ValueError("depth_frac must not exceed 1: power does not swing below zero")
        if (self.period_s is None) != (self.high_frac is None):
            raise ValueError("give period_s and high_frac together, or neither")
        if self.high_frac is not None and self.high_frac.high >= 1:
            raise ValueError("high_frac must be below 1: a swing has a low level")
        return self

    @model_serializer(mode="wrap")
    def _as_stated(self, written: SerializerFunctionWrapHandler) -> dict[str, object]:
        """What is not stated is left out, so that plans made before these figures keep their digests."""
        return {key: value for key, value in written(self).items() if value is not None}


class Workload(Sourced):
    """The workload card: what the tokens of a TokEnergy figure are."""

    key: Key
    title: Text
    purpose: Literal["inference", "training"]
    model: Text
    parameters_total_b: Positive
    parameters_active_b: Positive
    precision: Text
    accelerator: Text
    """Pods with this accelerator serve the card."""
    proxy_for: tuple[Text, ...] = ()
    """Accelerators without a figure of their own for this model: the card may stand in, marked 'not comparable'."""
    published: Text
    """Date of the published figure, or of the estimate."""
    tokens_counted: Text
    token_basis: TokenBasis
    tokenizer: Text
    input_tokens_mean: NotNegative
    output_tokens_mean: NotNegative
    concurrency: Text
    latency_target: Text
    between_tokens_ms: Positive | None = None
    """Median between two tokens of one reply at the published rate, where it is known."""
    published_tokens_per_s: Positive
    """Per accelerator, as published at that latency."""
    realisation_frac: Span
    """What a service reaches of the published figure: a tuned benchmark is not a service."""
    accelerator_w: Positive
    """Mean board power of one accelerator at that rate, for the chip boundary B0: always on the basis gpu_board."""
    published_j_per_token: Positive | None = None
    """Energy published with the rate, on `power_basis`."""
    power_basis: PowerBasis = "gpu_board"
    """What the published energy encloses."""
    idle_frac: Fraction
    """Board power idle over `accelerator_w`: load is packed on some accelerators and the others idle (consolidate)."""
    spread_power_frac: Curve
    """Board power over that at full rate, by throughput over full: all accelerators stay busy with small batches
    (spread)."""
    cap_exponent: Span
    """a in T/T0 = (cap/limit)^a, T tokens per second under a power cap."""
    swing: Swing | None = None
    utilisation_frac: Share
    """Occupied share of serving capacity at the week's highest hour."""
    availability_frac: Share
    goodput_frac: Share
    profile: Key
    """The shape of its week: a key of profiles/."""
    week: Profile | None = None
    """That shape itself: filled in when the catalog is read, so that a plan carries it."""

    @property
    def rate_tokens_per_s(self) -> float:
        """Per accelerator at full occupation, base case."""
        return self.published_tokens_per_s * self.realisation_frac.base

    @property
    def rate_low_tokens_per_s(self) -> float:
        """Per accelerator at full occupation, low case."""
        return self.published_tokens_per_s * self.realisation_frac.low

    @property
    def rate_high_tokens_per_s(self) -> float:
        """Per accelerator at full occupation, high case."""
        return self.published_tokens_per_s * self.realisation_frac.high

    @model_validator(mode="after")
    def _bases_agree(self) -> "Workload":
        if (self.token_basis == "training") != (self.purpose == "training"):
            raise ValueError("token_basis must be 'training' for training and for nothing else")
        if (self.swing is not None) != (self.purpose == "training"):
            raise ValueError("swing must be given for training and for nothing else")
        if self.published_j_per_token is None:
            if self.power_basis != "gpu_board":
                raise ValueError("power_basis must be 'gpu_board' where no published_j_per_token is given")
            return self
        published_w = self.published_j_per_token * self.published_tokens_per_s
        if self.power_basis == "gpu_board":
            if abs(published_w / self.accelerator_w - 1) > _POWER_TOLERANCE_FRAC:
                raise ValueError(
                    f"accelerator_w {self.accelerator_w:g} must be published_j_per_token × published_tokens_per_s, "
                    f"{published_w:.0f} W, on the basis gpu_board"
                )
        elif published_w <= self.accelerator_w:
            raise ValueError(
                f"accelerator_w {self.accelerator_w:g} must be below the {published_w:.0f} W published on the basis "
                f"{self.power_basis}, which encloses the board"
            )
        return self

    @model_validator(mode="after")
    def _spread_rises(self) -> "Workload":
        points = self.spread_power_frac
        falls = any(a[0] >= b[0] or a[1] > b[1] for a, b in pairwise(points))
        if falls or points[0][0] <= 0 or points[-1][1] != 1.0:
            raise ValueError("spread_power_frac must rise from a throughput above 0, never fall, and end at power 1.0")
        return self

    @model_validator(mode="after")
    def _stands_in_for_others(self) -> "Workload":
        if self.accelerator in self.proxy_for:
            raise ValueError(f"proxy_for must not name the card's own accelerator {self.accelerator}")
        if self.week is not None and self.week.key != self.profile:
            raise ValueError(f"week must be the profile {self.profile!r}")
        return self


class StorageCard(Sourced):
    """A demand that makes no tokens: what its pods hold, and how busy that is."""

    key: Key
    title: Text
    purpose: Literal["storage"]
    servers: Text
    """Pods that hold these serve the card."""
    utilisation_frac: Share
    """Share of their capacity that is busy at the week's highest hour; the rest draws what they draw idle."""
    profile: Key
    """The shape of its week: a key of profiles/."""
    week: Profile | None = None
    """That shape itself: filled in when the catalog is read."""

    @property
    def accelerator(self) -> str:
        """What its pods hold, by the name that workload cards have for it."""
        return self.servers

    @property
    def proxy_for(self) -> tuple[str, ...]:
        """Nothing stands in for it."""
        return ()


Card = Workload | StorageCard
"""Of a demand with tokens, or without."""
_Card = TypeVar("_Card", bound=Card)
_OneKind = TypeVar("_OneKind", Workload, StorageCard)


def match(workload: Card, accelerator: str) -> Match | None:
    """Whether a card speaks for pods with this accelerator: with its own figure, as a named proxy, or not at all."""
    if workload.accelerator == accelerator:
        return "own"
    return "proxy" if accelerator in workload.proxy_for else None


def cards_for(workloads: Iterable[_Card], accelerator: str) -> tuple[_Card, ...]:
    """Cards that pods with this accelerator may serve: those with its own figures first, then the named proxies."""
    cards = tuple(workloads)
    wanted: tuple[Match, ...] = ("own", "proxy")
    return tuple(w for kind in wanted for w in cards if match(w, accelerator) == kind)


def why_not_comparable(workload: Workload, accelerators: Iterable[str]) -> str:
    """Why energy per token on these accelerators stands beside no other figure; empty where nothing forbids it.

    Training says so by itself: its tokens are called training tokens everywhere.
    """
    stood_in = sorted({a for a in accelerators if match(workload, a) == "proxy"})
    reasons = []
    if stood_in:
        reasons.append(
            f"no token figure of {' and '.join(stood_in)} is public; the rate of {workload.accelerator} stands in"
        )
    if workload.token_basis == "total_input_plus_output":
        reasons.append("the rate counts tokens of the prompts too, not output tokens alone")
    return "; ".join(reasons)


def published_energy_j_per_token(workload: Workload, token_basis: TokenBasis, power_basis: PowerBasis) -> float | None:
    """The published energy per token when it stands on exactly these bases; nothing is ever converted."""
    if (workload.token_basis, workload.power_basis) != (token_basis, power_basis):
        return None
    return workload.published_j_per_token


def with_weeks(workloads: Iterable[_OneKind], profiles: Iterable[Profile]) -> tuple[_OneKind, ...]:
    """The cards with the profiles they name filled in; a card whose profile is missing stays without."""
    weeks = {p.key: p for p in profiles}
    return tuple(w.model_copy(update={"week": weeks.get(w.profile)}) for w in workloads)


def check_workloads(
    workloads: Iterable[Workload], profiles: Iterable[Profile], accelerators: Iterable[Accelerator]
) -> list[str]:
    """Mistakes that no single card shows: profiles and accelerators that do not exist, powers that disagree."""
    known_profiles = {p.key for p in profiles}
    known = {a.name: a for a in accelerators}
    mistakes = []
    for card in workloads:
        if card.profile not in known_profiles:
            mistakes.append(f"{card.key}: profile: {card.profile!r} is not in profiles/; {_listed(known_profiles)}")
        named = [("accelerator", card.accelerator), *(("proxy_for", name) for name in card.proxy_for)]
        mistakes += [
            f"{card.key}: {key}: {name!r} is not in accelerators/; {_listed(known)}"
            for key, name in named
            if name not in known
        ]
        if (chip := known.get(card.accelerator)) is None:
            continue
        if card.accelerator_w > chip.board_limit_w:
            mistakes.append(
                f"{card.key}: accelerator_w: {card.accelerator_w:g} W exceeds the board limit of {chip.name}; "
                f"at most {chip.board_limit_w:g} W"
            )
        if abs(card.idle_frac * card.accelerator_w - chip.idle_w) > _IDLE_TOLERANCE_W:
            mistakes.append(
                f"{card.key}: idle_frac: {card.idle_frac * card.accelerator_w:.0f} W idle, accelerators/ says "
                f"{chip.idle_w:g} W; they must agree within {_IDLE_TOLERANCE_W:g} W"
            )
    return mistakes


def _listed(names: Iterable[str]) -> str:
    return f"allowed: {', '.join(sorted(names))}"
