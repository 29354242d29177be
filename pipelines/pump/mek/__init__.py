"""Medico-economic control (МЭК) of a month: hits of the stages A to K and the decision on every case.

Order 231н, section 1; the choices that it leaves to a region are the section ``mek`` of its ``month.yaml``.
"""

from pipelines.pump.mek.bases import Bases
from pipelines.pump.mek.control import Conclusion, control
from pipelines.pump.mek.decide import Decision, decide
from pipelines.pump.mek.findings import from_findings
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.suites import suites_of
from pipelines.pump.mek.terms import MekTerms, load_terms
from pipelines.pump.mek.volumes import consumption, taken

__all__ = [
    "Bases",
    "Conclusion",
    "Decision",
    "Given",
    "MekTerms",
    "consumption",
    "control",
    "decide",
    "from_findings",
    "load_terms",
    "suites_of",
    "taken",
]
