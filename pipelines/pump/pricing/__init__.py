"""Prices of a month by the tariff agreement, and their explanation."""

from pipelines.pump.pricing.prices import WAYS, Prices, elsewhere, price
from pipelines.pump.pricing.reference import Reference
from pipelines.pump.pricing.settings import Pricing

__all__ = ["WAYS", "Prices", "Pricing", "Reference", "elsewhere", "price"]
