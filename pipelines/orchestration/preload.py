"""What the scheduler's process template does once, so that tasks forked from it need not (``airflow.cfg``)."""

import airflow.executors.local_executor
import airflow.sdk.execution_time.task_runner  # noqa: F401
import psycopg  # noqa: F401

from pipelines.orchestration.warm import read_rules, warm

warm()
read_rules()
