"""``python -m pipelines.orchestration.roles``: roles of FAB as in ``include/auth/roles.yaml``; as often as you like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipelines.ground.settings import ROOT

ROLES = ROOT / "include" / "auth" / "roles.yaml"
Permissions = frozenset[tuple[str, str]]
"""Pairs of an action and what it is done to, as FAB names them."""


def wanted(manager: Any, path: Path = ROLES) -> dict[str, Permissions]:
    """Permissions of each role; ``like`` takes those that a role of Airflow's own has now. ``LookupError`` without it."""
    found = {}
    for name, told in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        own = {(action, what) for action, _, what in (one.partition(" on ") for one in told.get("permissions", ()))}
        found[name] = frozenset(own) | (_of(manager, told["like"]) if "like" in told else frozenset())
    return found


def sync(manager: Any, roles: Mapping[str, Permissions]) -> dict[str, int]:
    """Give each role exactly its permissions, making roles that are not there; how many were given or taken by role."""
    changed = {}
    for name, permissions in roles.items():
        role = manager.find_role(name) or manager.add_role(name)
        kept = {(one.action.name, one.resource.name): one for one in role.permissions}
        for pair in sorted(permissions - kept.keys()):
            manager.add_permission_to_role(role, manager.create_permission(*pair))
        for pair in sorted(kept.keys() - permissions):
            manager.remove_permission_from_role(role, kept[pair])
        changed[name] = len(permissions ^ kept.keys())
    return changed


def main() -> None:
    """Over Airflow's database; FAB must be the auth manager."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        for name, count in sync(builder.sm, wanted(builder.sm)).items():
            print(f"{name}: {f'изменено прав {count}' if count else 'без изменений'}")


def _of(manager: Any, name: str) -> Permissions:
    role = manager.find_role(name)
    if role is None:
        raise LookupError(f"Airflow has no role {name}")
    return frozenset((one.action.name, one.resource.name) for one in role.permissions)


if __name__ == "__main__":
    main()
