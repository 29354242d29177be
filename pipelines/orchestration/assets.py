"""Assets by which the DAGs hand over to each other; their names and group are what the operators see.

The graph tells the way of a package: channel (``watcher.INBOX``), received, checked, answered, delivered; month closed.
"""

from __future__ import annotations

from airflow.sdk import Asset, AssetAlias

GROUP = "Обмен"
SUBSYSTEMS = {"pump": "ПУМП", "erz": "ЕРЗ", "nsi": "НСИ"}
"""Subsystems that have an intake DAG, with their titles."""

ANNOUNCED = AssetAlias("Пакеты к обработке", group=GROUP)
"""What the reception announces: ``received(...)`` of each subsystem that has something to do, and ``ANSWERED``."""
ANSWERED = Asset("Ответы готовы", "oms://exchange/answered", group=GROUP)
DELIVERED = Asset("Ответы доставлены", "oms://exchange/delivered", group=GROUP)
MONTH = Asset("Месяц закрыт", "oms://pump/month", group=GROUP)
JOURNAL = Asset("Журнал за день", "oms://exchange/journal", group=GROUP)


def received(subsystem: str) -> Asset:
    """Packages of a subsystem (a key of ``SUBSYSTEMS``) wait in the journal."""
    return Asset(f"Принятые пакеты: {SUBSYSTEMS[subsystem]}", f"oms://exchange/received/{subsystem}", group=GROUP)


def checked(subsystem: str) -> Asset:
    """Packages of a subsystem have been checked, and loaded where they passed."""
    return Asset(f"Проверенные пакеты: {SUBSYSTEMS[subsystem]}", f"oms://exchange/checked/{subsystem}", group=GROUP)
