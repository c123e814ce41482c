"""Names that have to be in the catalog."""

from collections.abc import Iterable

from prefab.errors import InputError


def near_miss(where: str, name: str, allowed: Iterable[str], otherwise: str = "") -> str:
    """The name itself when it is allowed.

    Raises:
        InputError: it is not; says what was probably meant, else `otherwise` or all that is allowed.
    """
    from difflib import get_close_matches

    names = sorted(allowed)
    if name in names:
        return name
    near = get_close_matches(name, names, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else otherwise or f"allowed: {', '.join(names)}"
    raise InputError(f"{where}: {name!r} is not in the catalog; {hint}")
