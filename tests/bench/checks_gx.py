"""Great Expectations for the benchmark: the shipped suites as they are, and what built-in expectations can say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

from pipelines.checks import gx as ours
from pipelines.checks.relation import Comparison, Name, parse
from pipelines.checks.suites import Check, Suite
from pipelines.nsi import Dictionaries


def shipped(frame: pd.DataFrame, suite: Suite, dictionaries: Dictionaries, on: date) -> dict[str, int]:
    """Failing rows by rule, our expectations under ``batch.validate``."""
    return {rule: len(rows) for rule, rows in ours.validate(frame, suite, dictionaries, on)}


def sayable(suites: Mapping[str, Sequence[Suite]], dictionaries: Dictionaries, on: date) -> dict[str, tuple[Suite, ...]]:
    """The suites with only those checks that built-in expectations can say."""
    return {
        role: tuple(
            replace(suite, checks=tuple(check for check in suite.checks if _built_in(check, dictionaries, on)))
            for suite in of_role
        )
        for role, of_role in suites.items()
    }


def built_in(frame: pd.DataFrame, suite: Suite, dictionaries: Dictionaries, on: date) -> dict[str, int]:
    """Failing rows by rule of built-in expectations."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    expectations = [_built_in(check, dictionaries, on) for check in suite.checks]
    loaded = gx.ExpectationSuite(name=suite.name, expectations=[one for one in expectations if one])
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset(suite.table)
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    outcome = batch.validate(loaded, result_format=ours.RESULT_FORMAT)
    found: dict[str, int] = {}
    for result in outcome.results:
        if any(isinstance(one, dict) and one.get("raised_exception") for one in (result.exception_info or {}).values()):
            raise RuntimeError(str(result.exception_info))
        found[result.expectation_config.meta["rule"]] = result.result.get("unexpected_count") or 0
    return found


def _built_in(check: Check, dictionaries: Dictionaries, on: date) -> Any | None:
    """The built-in expectation of a check; None where none says the same."""
    if not check.valid_on(on) or "condition" in check.parameters or any("(" in name for name in check.columns):
        return None
    subject, own = check.columns[0], check.parameters
    meta = {"rule": check.rule}
    match check.type:
        case "expect_element_present" if len(check.columns) == 1:
            return gxe.ExpectColumnValuesToNotBeNull(column=subject, meta=meta)
        case "expect_element_in_set":
            return gxe.ExpectColumnValuesToBeInSet(column=subject, value_set=list(own["values"]), meta=meta)
        case "expect_element_in_dictionary" if not own["dated"] and not own["by"]:
            codes = dictionaries[own["dictionary"]].values(own["field"]).drop_null().unique().to_pylist()
            return gxe.ExpectColumnValuesToBeInSet(column=subject, value_set=codes, meta=meta)
        case "expect_element_in_format" if own["mask"] is None and own["calendar"]:
            return gxe.ExpectColumnValuesToMatchStrftimeFormat(column=subject, strftime_format="%Y-%m-%d", meta=meta)
        case "expect_element_in_format" if own["mask"] is None:
            most = "" if own["max_length"] is None else own["max_length"]
            length = f"(?=.{{{own['min_length'] or 0},{most}}}$)"
            regex = f"^{length}(?:{own['pattern'] or '.*'})$"
            return gxe.ExpectColumnValuesToMatchRegex(column=subject, regex=regex, meta=meta)
        case "expect_element_in_relation":
            return _pair(check, meta)
    return None


def _pair(check: Check, meta: dict[str, str]) -> Any | None:
    """Two dates compared, as texts ГГГГ-ММ-ДД."""
    relation = parse(check.parameters["relation"])
    if not isinstance(relation, Comparison) or set(check.parameters["types"].values()) != {"D"}:
        return None
    if not all(isinstance(operand, Name) for operand in relation.operands) or len(relation.operators) != 1:
        return None
    left, right = map(str, relation.operands)
    high, low = (right, left) if relation.operators[0].startswith("<") else (left, right)
    equal = relation.operators[0].endswith("=")
    return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=high, column_B=low, or_equal=equal, ignore_row_if="either_value_is_missing", meta=meta
    )
