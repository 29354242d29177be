"""Documents of a closed month: pure functions of the closing and of what lies beside it (``Source``) to files."""

from pipelines.pump.documents.application import advances, finals
from pipelines.pump.documents.bill import bill
from pipelines.pump.documents.conclusion import conclusion, conclusions, register
from pipelines.pump.documents.make import make_all
from pipelines.pump.documents.parties import Party, account_valid, parties
from pipelines.pump.documents.payment_order import orders, payment_order
from pipelines.pump.documents.reconciliation import reconciliation
from pipelines.pump.documents.settings import DocumentTerms
from pipelines.pump.documents.source import Source, Turnover
from pipelines.pump.documents.summaries import summaries
from pipelines.pump.documents.titles import TITLES
from pipelines.pump.documents.words import in_words, money

__all__ = [
    "TITLES",
    "DocumentTerms",
    "Party",
    "Source",
    "Turnover",
    "account_valid",
    "advances",
    "bill",
    "conclusion",
    "conclusions",
    "finals",
    "in_words",
    "make_all",
    "money",
    "orders",
    "parties",
    "payment_order",
    "reconciliation",
    "register",
    "summaries",
]
