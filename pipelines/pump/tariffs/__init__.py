"""Tariffs: exact cost of every way of payment, in kopecks, from the register's own columns."""

from pipelines.pump.tariffs.capitation import (
    age_bands,
    ambulance_month,
    base_norm,
    capitation,
    full_years,
    largest_remainder,
    monthly,
    result_part,
    station_month,
    structure_coefficient,
)
from pipelines.pump.tariffs.coefficients import applied, complexity, kslp_misapplied
from pipelines.pump.tariffs.exact import Exact
from pipelines.pump.tariffs.ksg import Coefficient, Explanation, explain, ksg_cost
from pipelines.pump.tariffs.method import CURRENT, METHODS, Method, method_on
from pipelines.pump.tariffs.pricing import candidate_price, case_terms
from pipelines.pump.tariffs.services import (
    Published,
    diagnostics_cost,
    dialysis_costs,
    dialysis_tariff,
    interterritorial_faults,
    quantity_cost,
    screening_complete,
    unit_tariff,
    vmp_cost,
)
from pipelines.pump.tariffs.stays import (
    course_days,
    disease_class,
    interruption,
    interruption_share,
    paid_visits,
    stay_days,
)
from pipelines.pump.tariffs.terms import Terms, load_terms

__all__ = [
    "CURRENT",
    "METHODS",
    "Coefficient",
    "Exact",
    "Explanation",
    "Method",
    "Published",
    "Terms",
    "age_bands",
    "ambulance_month",
    "applied",
    "base_norm",
    "candidate_price",
    "capitation",
    "case_terms",
    "complexity",
    "course_days",
    "diagnostics_cost",
    "dialysis_costs",
    "dialysis_tariff",
    "disease_class",
    "explain",
    "full_years",
    "interruption",
    "interruption_share",
    "interterritorial_faults",
    "ksg_cost",
    "kslp_misapplied",
    "largest_remainder",
    "load_terms",
    "method_on",
    "monthly",
    "paid_visits",
    "quantity_cost",
    "result_part",
    "screening_complete",
    "station_month",
    "stay_days",
    "structure_coefficient",
    "unit_tariff",
    "vmp_cost",
]
