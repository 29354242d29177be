"""Groups with algorithms of their own (appendix 9 of the instruction): which candidates go before all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.pump.grouper.evidence import Evidence
from pipelines.pump.grouper.match import Ints, Mask
from pipelines.pump.grouper.rules import Rules

OBSTETRICS, POLYTRAUMA, IMMUNISATION, ANTIMICROBIAL = 3, 13, 16, 19
"""Numbers of the appendix's parts."""


@dataclass(frozen=True)
class Candidates:
    """Pairs of a visit and a group, and the evidence of the visits; ``main``: the visit that the stay began with."""

    visit: Ints
    group: npt.NDArray[np.str_]
    evidence: Evidence
    main: Mask
    usl_ok: str
    own_services: dict[str, frozenset[str]]  # of a group in the table

    def where(self, groups: frozenset[str] | set[str], visits: Mask) -> Mask:
        """Candidates of the groups in the visits."""
        result: Mask = np.isin(self.group, list(groups)) & visits[self.visit]
        return result


def exceptional(candidates: Candidates, rules: Rules) -> npt.NDArray[np.int8]:
    """Number of the appendix's part that names a candidate, 0 for none."""
    result = np.zeros(len(candidates.visit), dtype=np.int8)
    result[_antimicrobial(candidates, rules)] = ANTIMICROBIAL
    result[_immunisation(candidates, rules)] = IMMUNISATION
    result[candidates.where({rules.polytrauma.group}, polytrauma(candidates.evidence, rules))] = POLYTRAUMA
    if candidates.usl_ok == "1":
        result[_obstetrics(candidates, rules)] = OBSTETRICS
    return result


def polytrauma(evidence: Evidence, rules: Rules) -> Mask:
    """Visits with the criterion, injuries of two regions (or one code of several) and a complication."""
    rule = rules.polytrauma
    regions = np.zeros(evidence.size, dtype=np.int64)
    for codes in rule.regions:
        regions += _any_diagnosis(evidence, codes, "123")
    injured = (regions >= 2) | _any_diagnosis(evidence, rule.several, "123")
    return evidence.any_of("c", {rule.criterion}) & injured & _any_diagnosis(evidence, rule.complications, "23")


def _obstetrics(candidates: Candidates, rules: Rules) -> Mask:
    rule, evidence = rules.obstetrics, candidates.evidence
    letters = {code for code in evidence.values["1"].codes.dictionary.to_pylist() if code and code.startswith(rule.letter)}
    pregnant = evidence.any_of("1", letters)
    delivered = evidence.any_of("u", rule.delivery_services)
    result = candidates.where({rule.no_delivery}, pregnant & ~delivered)
    result |= candidates.where({rule.delivery}, pregnant & delivered)
    result |= candidates.where({rule.caesarean}, pregnant & evidence.any_of("u", rule.caesarean_services))
    for group in rule.operations:
        services = candidates.own_services.get(group, frozenset()) - rule.delivery_services
        result |= candidates.where({group}, pregnant & evidence.any_of("u", services))
    return result


def _immunisation(candidates: Candidates, rules: Rules) -> Mask:
    evidence = candidates.evidence
    given = _any_diagnosis(evidence, frozenset({rules.immunisation_diagnosis}), "12")
    result = np.zeros(len(candidates.visit), dtype=bool)
    for criterion, groups in rules.immunisation:
        result |= candidates.where(groups, given & evidence.any_of("c", {criterion}))
    return result


def _antimicrobial(candidates: Candidates, rules: Rules) -> Mask:
    given = candidates.evidence.any_of("c", rules.antimicrobial_criteria)
    return candidates.where(rules.antimicrobial, given & ~candidates.main)


def _any_diagnosis(evidence: Evidence, codes: frozenset[str], spaces: str) -> Mask:
    result: Mask = np.logical_or.reduce([evidence.any_of(space, codes) for space in spaces])
    return result
