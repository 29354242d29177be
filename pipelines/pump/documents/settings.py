"""Section ``documents`` of the region's ``month.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.pump.terms import section


@dataclass(frozen=True)
class DocumentTerms:
    """Regional terms of the documents; see the comments of ``month.yaml``."""

    printed_refusals: int
    bill_number: str
    order_name: str
    order_kind: str
    order_priority: str
    order_kbk: str
    order_purpose: str
    reconciliation_months: frozenset[int]

    @classmethod
    def of(cls, declared: Mapping[str, Any]) -> DocumentTerms:
        """From the section as YAML gives it; raises ``KeyError`` for a missing key."""
        order = declared["payment_order"]
        return cls(
            printed_refusals=declared["printed_refusals"],
            bill_number=declared["bill_number"],
            order_name=order["name"],
            order_kind=order["kind"],
            order_priority=order["priority"],
            order_kbk=order["kbk"] or "",
            order_purpose=order["purpose"],
            reconciliation_months=frozenset(declared["reconciliation_months"]),
        )

    @classmethod
    def load(cls, folder: Path) -> DocumentTerms:
        """From the region's folder."""
        return cls.of(section("documents", folder))

    def bill(self, period: date, payer: str, code_mo: str) -> str:
        """Number of the bill of an organisation to a payer for a month."""
        return self.bill_number.format(period=period, payer=payer, code_mo=code_mo)
