"""The suites in Great Expectations: custom expectations over the evaluators of the bulk runner, and a validation by it.

The one module that imports Great Expectations (some seconds): for reports off the hot path and for the proof that both
give the same rows.
"""

from __future__ import annotations

import copy
import io
import logging
import os
import tempfile
import zipfile
from contextvars import ContextVar
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metrics.map_metric_provider import (
    MulticolumnMapMetricProvider,
    multicolumn_condition_partial,
)

from pipelines.checks import evaluate
from pipelines.checks.suites import ROW, Suite
from pipelines.nsi.dictionaries import Dictionaries

logging.getLogger("great_expectations").setLevel(logging.WARNING)

_dictionaries: ContextVar[Dictionaries] = ContextVar("dictionaries")
"""What the metrics of the validation under way look into: expectations carry names of dictionaries only."""

RESULT_FORMAT = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
SAMPLE = 20
"""Values of a rule that documents hold."""


def _metric(kind: str, *parameters: str) -> str:
    """Register the metric of an expectation type over its evaluator; returns its name."""

    class Metric(MulticolumnMapMetricProvider):
        condition_metric_name = f"element.{kind}"
        condition_value_keys = (*parameters, "condition")

        @multicolumn_condition_partial(engine=PandasExecutionEngine)
        def _pandas(cls, column_list: pd.DataFrame, **values: Any) -> pd.Series[bool]:  # noqa: N805
            columns = [pa.array(column_list[name]) for name in column_list.columns if name != ROW]
            chosen = {name: values[name] for name in (*parameters, "condition")}
            return pd.Series(evaluate.evaluate(kind, columns, chosen, _dictionaries.get()), index=column_list.index)

    return str(Metric.condition_metric_name)


class _ElementExpectation(MulticolumnMapExpectation):
    """An expectation on the first of ``column_list``; rows are judged whole, absent values included.

    The last column is always ``ROW``: Great Expectations wants two at least.
    """

    ignore_row_if: str = "never"
    condition: dict[str, Any] | None = None
    _configuration: ExpectationConfiguration | None = PrivateAttr(None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        """Made once while nothing is changed: a validation asks for it some ninety times, which took half of its time."""
        if self._configuration is None:
            self._configuration = super().configuration
        return self._configuration

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name != "_configuration":
            self._configuration = None

    def copy(self, **options: Any) -> Any:
        copied = super().copy(**options)
        copied._configuration = None  # pydantic copies it too, though the copy may have other values
        return copied

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = tuple(name for name in cls.__annotations__ if name != "map_metric")
        cls.success_keys = ("mostly", "condition", *own)


class ExpectElementPresent(_ElementExpectation):
    """The element is filled (where its group is there); ``once``: with a value that does not repeat."""

    map_metric: ClassVar[str] = _metric("expect_element_present", "once", "nonzero")
    once: bool = False
    nonzero: bool = False


class ExpectElementAbsent(_ElementExpectation):
    """The element is not filled."""

    map_metric: ClassVar[str] = _metric("expect_element_absent")


class ExpectElementInSet(_ElementExpectation):
    """The value is one of a set."""

    map_metric: ClassVar[str] = _metric("expect_element_in_set", "values", "numeric")
    values: list[str]
    numeric: bool


class ExpectElementInDictionary(_ElementExpectation):
    """The value is in force in a dictionary on the date of the case."""

    map_metric: ClassVar[str] = _metric(
        "expect_element_in_dictionary", "dictionary", "field", "by", "dated", "numeric", "through"
    )
    dictionary: str
    field: str
    by: list[str]
    dated: bool
    numeric: bool
    through: dict[str, Any] | None = None


class ExpectElementInFormat(_ElementExpectation):
    """The text has its length and form."""

    map_metric: ClassVar[str] = _metric(
        "expect_element_in_format", "pattern", "min_length", "max_length", "calendar", "mask"
    )
    pattern: str | None
    min_length: int | None
    max_length: int | None
    calendar: bool
    mask: dict[str, str] | None


class ExpectElementInRelation(_ElementExpectation):
    """A relation to other values of the record is not broken."""

    map_metric: ClassVar[str] = _metric("expect_element_in_relation", "relation", "types")
    relation: str
    types: dict[str, str]


def validate(
    frame: pd.DataFrame, suite: Suite, dictionaries: Dictionaries, on: date
) -> list[tuple[str, npt.NDArray[np.int64]]]:
    """Failing rows by rule, for every expectation in force on a day, as ``batch.validate`` of Great Expectations finds them.

    ``frame`` is that of ``frames.frame`` for the suite (its index is 0, 1, 2, …); rows are ascending,
    pairs in the order of the suite. Raises ``RuntimeError`` when an expectation could not be evaluated.
    """
    outcome = _validated(frame, suite, dictionaries, on)
    by_rule = {result.expectation_config.meta["rule"]: _failing(result) for result in outcome.results}
    return [(check.rule, by_rule[check.rule]) for check in suite.checks if check.valid_on(on)]


class Documents:
    """Validation results of a package's suites and the Data Docs of them."""

    def __init__(self) -> None:
        self._outcomes: list[tuple[str, Suite, Any]] = []

    def add(self, member: str, frame: pd.DataFrame, suite: Suite, dictionaries: Dictionaries, on: date) -> dict[str, int]:
        """Validate a suite (as ``validate``) and keep its result; returns the number of failing rows by rule.

        Kept are all numbers of failing rows, and of each rule ``SAMPLE`` values of the judged element only.
        """
        outcome = _validated(frame, suite, dictionaries, on)
        counts = {result.expectation_config.meta["rule"]: len(_failing(result)) for result in outcome.results}
        for result in outcome.results:
            result.result = _limited(result)
        order = {check.rule: place for place, check in enumerate(suite.checks)}
        outcome.results.sort(key=lambda result: order[result.expectation_config.meta["rule"]])
        self._outcomes.append((member, suite, outcome))
        return {rule: count for rule, count in counts.items() if count}

    def results(self) -> list[dict[str, Any]]:
        """The results as Great Expectations writes them, each with ``member`` (role of the file) and ``table``."""
        return [
            {"member": member, "table": suite.table, "result": outcome.to_json_dict()}
            for member, suite, outcome in self._outcomes
        ]

    def site(self, run_name: str, at: datetime) -> bytes:
        """ZIP of the HTML that Great Expectations renders: open ``index.html``; ``run_name`` is its name of the run."""
        with tempfile.TemporaryDirectory(prefix="oms-docs-") as folder:
            context = gx.get_context(mode="file", project_root_dir=folder)
            context.variables.data_docs_sites["local_site"]["show_how_to_buttons"] = False
            run = RunIdentifier(run_name=run_name, run_time=at)
            for member, suite, outcome in self._outcomes:
                context.suites.add(_loaded(suite))
                key = ValidationResultIdentifier(ExpectationSuiteIdentifier(suite.name), run, member)
                context.validation_results_store.set(key, _for_reading(outcome))
            context.build_data_docs()
            return _zipped(Path(folder) / "gx" / "uncommitted" / "data_docs" / "local_site", at)


def _validated(frame: pd.DataFrame, suite: Suite, dictionaries: Dictionaries, on: date) -> Any:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    loaded = _loaded(replace(suite, checks=tuple(check for check in suite.checks if check.valid_on(on))))
    source = context.data_sources.add_pandas("frames")
    definition = source.add_dataframe_asset(suite.table).add_batch_definition_whole_dataframe("whole")
    token = _dictionaries.set(dictionaries)
    try:
        return definition.get_batch({"dataframe": frame}).validate(loaded, result_format=RESULT_FORMAT)
    finally:
        _dictionaries.reset(token)


def _loaded(suite: Suite) -> gx.ExpectationSuite:
    """The suite in Great Expectations; pages show the rule and its text in place of the expectation's parameters."""
    document = suite.to_json()
    for expectation, check in zip(document["expectations"], suite.checks, strict=True):
        expectation["description"] = f"{check.rule} {check.text}"
    return gx.ExpectationSuite(name=suite.name, expectations=document["expectations"], meta=document["meta"])


def _limited(result: Any) -> dict[str, Any]:
    """A result with the judged element's values of ``SAMPLE`` rows, as the protocol shows them, and all row numbers."""
    kept = dict(result.result)
    subject = result.expectation_config.kwargs["column_list"][0]
    shown = [
        {subject: row[subject] if isinstance(row[subject], str) else None, ROW: row[ROW]}
        for row in kept.get("unexpected_list", [])[:SAMPLE]
    ]
    for name in ("partial_unexpected_counts", "partial_unexpected_index_list"):
        kept.pop(name, None)
    return kept | {"unexpected_list": shown, "partial_unexpected_list": shown}


def _for_reading(outcome: Any) -> Any:
    """A copy without the numbers of all rows: a page lists the sample."""
    copied = copy.deepcopy(outcome)
    for result in copied.results:
        result.result.pop("unexpected_index_list", None)
    return copied


def _zipped(site: Path, at: datetime) -> bytes:
    """The site without its fonts and help pictures (4 MB of each site): pages fall back to the reader's fonts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(site.rglob("*")):
            if path.is_file() and path.suffix not in (".otf", ".gif"):
                name = path.relative_to(site).as_posix()
                archive.writestr(zipfile.ZipInfo(name, at.timetuple()[:6]), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _failing(result: Any) -> npt.NDArray[np.int64]:
    """Positions of a result; an expectation that raised comes back failed and empty, its exception one level down."""
    rule = result.expectation_config.meta["rule"]
    raised = result.exception_info or {}
    if any(isinstance(value, dict) and value.get("raised_exception") for value in (raised, *raised.values())):
        raise RuntimeError(f"{rule}: the expectation could not be evaluated: {raised}")
    rows = np.sort(np.asarray(result.result.get("unexpected_index_list") or [], dtype=np.int64))
    if len(rows) != (result.result.get("unexpected_count") or 0):
        raise RuntimeError(f"{rule}: rows found and rows counted differ")
    return rows
