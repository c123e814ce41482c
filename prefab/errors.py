"""The ways it can go wrong, each with its exit code. Only `cli` catches them."""

from collections.abc import Sequence


class PrefabError(Exception):
    """Parent of every error that has a message for the user rather than a traceback."""

    exit_code = 70


class InputError(PrefabError):
    """A mistake in what was given; holds every mistake found, one line each: *where: what; what is allowed*."""

    exit_code = 2

    def __init__(self, mistakes: str | Sequence[str]) -> None:
        self.mistakes = (mistakes,) if isinstance(mistakes, str) else tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class RuleBroken(PrefabError):
    """A plan that was given breaks a rule."""

    exit_code = 1


class Impossible(PrefabError):
    """It is proved that no site keeps every wish."""

    exit_code = 3


class OutOfBudget(PrefabError):
    """No plan and no proof within the budget given."""

    exit_code = 4


class AuditError(PrefabError):
    """Our own plan breaks a rule, or the solver's claims do not recompute: a bug of ours, nothing is written."""

    exit_code = 70


class Interrupted(PrefabError):
    """The user stopped before there was a plan to keep."""

    exit_code = 130
