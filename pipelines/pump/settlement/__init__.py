"""Settlement of a month between the fund, insurers and organisations, over frames."""

from pipelines.pump.settlement.applications import advance, final
from pipelines.pump.settlement.lines import ACCEPTED, Settled, accepted, no_deductions, settle
from pipelines.pump.settlement.norms import NORMS, advances, budget, insurers, norms
from pipelines.pump.settlement.settings import DEDUCTIONS, Deadline, Terms, deadlines
from pipelines.pump.settlement.summaries import by_accounts, by_stages, by_volumes

__all__ = [
    "ACCEPTED",
    "DEDUCTIONS",
    "NORMS",
    "Deadline",
    "Settled",
    "Terms",
    "accepted",
    "advance",
    "advances",
    "budget",
    "by_accounts",
    "by_stages",
    "by_volumes",
    "deadlines",
    "final",
    "insurers",
    "no_deductions",
    "norms",
    "settle",
]
