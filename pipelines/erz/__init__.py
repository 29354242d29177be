"""ЕРЗ: the insured, their identification and their attachment to organisations.

As much of the register as the payment of care needs: persons, policies, documents and what insurers tell of them. The
regional segment as a system of its own – applications, blanks of policies, the exchange with the central segment, registry
offices and pensions – is to be built on these tables.
"""

from pipelines.erz import register, request
from pipelines.erz.identify import identify
from pipelines.erz.persons import load_persons

KINDS = (*request.KINDS, *register.KINDS)

__all__ = ["KINDS", "identify", "load_persons"]
