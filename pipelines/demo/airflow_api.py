"""The little of Airflow's REST API that the stand needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import httpx

COMPONENTS = ("scheduler", "triggerer", "dag_processor")


class TaskState(NamedTuple):
    """A task of a run; the state is null before it is scheduled."""

    id: str
    title: str
    state: str | None


class AirflowApi:
    """Client of a running Airflow under ``url``, as ``user``."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=30.0)
        self._login = {"username": user, "password": password}

    def unhealthy(self, since: datetime) -> list[str]:
        """Components that have not shown themselves since then; all of them while the server does not answer."""
        try:
            answer = self._client.get("/api/v2/monitor/health")
            answer.raise_for_status()
        except httpx.HTTPError:
            return ["api-server", *COMPONENTS]
        health = answer.json()
        missing = [] if health["metadatabase"]["status"] == "healthy" else ["metadatabase"]
        for name in COMPONENTS:
            state = health.get(name) or {}
            beat = state.get(f"latest_{name}_heartbeat")
            if state.get("status") != "healthy" or not beat or datetime.fromisoformat(beat) < since:
                missing.append(name)
        return missing

    def log_in(self) -> None:
        """Take a token for what needs one."""
        answer = self._client.post("/auth/token", json=self._login)
        answer.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def set_pools(self, pools: dict[str, tuple[int, str]]) -> None:
        """Create the pools or bring them to their size: name -> (slots, description)."""
        entities = [
            {"name": name, "slots": slots, "description": description, "include_deferred": False}
            for name, (slots, description) in pools.items()
        ]
        action = {"action": "create", "action_on_existence": "overwrite", "entities": entities}
        result = self._call("PATCH", "/api/v2/pools", json={"actions": [action]})
        if result["create"]["errors"]:
            raise RuntimeError(f"Пулы не созданы: {result['create']['errors']}")

    def dags(self) -> dict[str, bool]:
        """Whether each DAG is paused, by id."""
        return {dag["dag_id"]: dag["is_paused"] for dag in self._call("GET", "/api/v2/dags")["dags"]}

    def unpause(self, dag_id: str) -> None:
        """Switch a DAG on."""
        self._call("PATCH", f"/api/v2/dags/{dag_id}", params={"update_mask": "is_paused"}, json={"is_paused": False})

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run of a DAG; returns its id."""
        run: str = self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})[
            "dag_run_id"
        ]
        return run

    def run_state(self, dag_id: str, run: str) -> str:
        """State of a run: queued, running, success, failed."""
        state: str = self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run}")["state"]
        return state

    def tasks(self, dag_id: str, run: str) -> list[TaskState]:
        """Tasks of a run with their states."""
        found = self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run}/taskInstances")["task_instances"]
        return [TaskState(one["task_id"], one["task_display_name"], one["state"]) for one in found]

    def question(self, dag_id: str, run: str, task: str) -> str:
        """What a task that waits for a person shows, in Markdown."""
        return str(self._call("GET", self._asked(dag_id, run, task))["body"])

    def answer(self, dag_id: str, run: str, task: str, option: str, params: dict[str, str]) -> None:
        """Answer a task that waits for a person."""
        self._call("PATCH", self._asked(dag_id, run, task), json={"chosen_options": [option], "params_input": params})

    @staticmethod
    def _asked(dag_id: str, run: str, task: str) -> str:
        return f"/api/v2/dags/{dag_id}/dagRuns/{run}/taskInstances/{task}/-1/hitlDetails"

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        answer = self._client.request(method, path, **arguments)
        answer.raise_for_status()
        return answer.json()
