"""Unit tests of the orchestration import Airflow's SDK, so its home comes first."""

import tests.orchestration.airflow_home  # noqa: F401
