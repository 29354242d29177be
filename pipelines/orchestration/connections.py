"""Airflow Connections -> endpoints -> channels -> the exchange of this installation."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import Connection, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

from pipelines.orchestration.policy import FOLDER, IMAP, SFTP, SMTP

if TYPE_CHECKING:
    from pipelines.exchange.channels.base import Channel, Endpoint
    from pipelines.exchange.runs import Run
    from pipelines.exchange.service import Exchange
    from pipelines.ground.settings import Settings


def endpoint(connection_id: str) -> Endpoint | None:
    """Endpoint of an Airflow Connection; None where the installation has none of that name."""
    from pipelines.exchange.channels.base import Endpoint

    try:
        connection = Connection.get(connection_id)
    except AirflowNotFoundException:
        return None
    extra = connection.extra_dejson
    options = {name: value if isinstance(value, str) else str(value).lower() for name, value in extra.items()}
    return Endpoint(
        scheme=connection.conn_type or "",
        host=connection.host or "",
        port=connection.port or 0,
        login=connection.login or "",
        password=connection.password or "",
        options=options,
    )


def channels(settings: Settings) -> dict[str, Channel]:
    """The channels that this installation has connections for, by code.

    Options of a connection (its "extra") are those of the channel's endpoint; ``oms_imap`` also takes
    ``authentication_results_host``, the fund's mail server whose word on the senders counts, and ``oms_folder`` ``path``.
    Raises ``AirflowException`` when there is none: an exchange without channels is a mistake of the set-up.
    """
    from pipelines.exchange import region

    logging.getLogger("paramiko").setLevel(logging.WARNING)  # a line for each poll otherwise
    from pipelines.exchange.channels import FolderChannel, MailChannel, SftpChannel

    profile = region.load(settings.region_dir)
    logins = {organisation.login: organisation.code for organisation in profile.organisations}
    found: list[Channel] = []
    if sftp := endpoint(SFTP):
        found.append(SftpChannel("sftp", sftp, logins))
    imap, smtp = endpoint(IMAP), endpoint(SMTP)
    if imap and smtp:
        vouching = imap.options.get("authentication_results_host")
        found.append(MailChannel("mail", imap, smtp, profile.fund.mail, authentication_results_host=vouching))
    if folder := endpoint(FOLDER):
        found.append(FolderChannel("folder", Path(folder.options["path"]), logins))
    if not found:
        raise AirflowException(f"Не задано ни одного канала: нужны соединения {SFTP}, {IMAP} и {SMTP} или {FOLDER}")
    return {channel.code: channel for channel in found}


def exchange() -> Exchange:
    """The exchange of this installation; open it once per task: packages are noted as taken by that task."""
    from pipelines.exchange import runs
    from pipelines.ground import settings
    from pipelines.systems import open_exchange

    runs.CURRENT.set(_run())
    installed = settings.load()
    return open_exchange(installed, channels(installed))


def _run() -> Run | None:
    """The task instance at work; None where there is none (a trigger, a test)."""
    from pipelines.exchange.runs import Run

    try:
        instance = get_current_context()["ti"]
    except RuntimeError:
        return None
    return Run(instance.dag_id, instance.run_id, instance.task_id, instance.map_index)
