"""Plans damaged by editing their JSON, without any help from the program's own rules."""

import json
from collections.abc import Callable
from typing import Any

from prefab.plan import Plan

Tree = dict[str, Any]


def damaged(plan: Plan, edit: Callable[[Tree], None]) -> Plan:
    """The plan as read back after `edit` changed its tree."""
    tree = plan.model_dump(mode="json")
    edit(tree)
    return Plan.model_validate_json(json.dumps(tree))


def item(rows: list[Tree], **wanted: Any) -> Tree:
    """The one row with these values."""
    (found,) = [r for r in rows if all(r[k] == v for k, v in wanted.items())]
    return found


def module(tree: Tree, sku: str) -> Tree:
    """A catalog entry inside the plan."""
    return item(tree["modules"], sku=sku)
