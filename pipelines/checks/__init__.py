"""ФЛК: rule records to Great Expectations suites to findings."""
