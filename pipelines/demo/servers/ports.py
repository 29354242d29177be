"""Ports of the embedded servers: free ones, busy ones, ones that answer."""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


class PortBusyError(RuntimeError):
    """Another program listens on the port; the text is in Russian and says what to do."""


def free_port() -> int:
    """A port of the loopback on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def require_free(port: int, service: str) -> None:
    """Raises ``PortBusyError`` when somebody listens on the port; ``service`` is what wants it (SFTP, PostgreSQL)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: only a listener is in the way
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortBusyError(
                f"Порт {port} для службы {service} занят или недоступен: "
                "остановите программу, которая его использует, или задайте другой порт"
            ) from error


def greets(port: int, greeting: bytes, timeout: float = 2.0) -> bool:
    """Whether a server on the port begins with ``greeting`` (``SSH-2.0``, ``220``, ``* OK``)."""
    try:
        with socket.create_connection((HOST, port), timeout) as connection:
            connection.settimeout(timeout)
            return connection.recv(len(greeting), socket.MSG_WAITALL) == greeting
    except OSError:
        return False
