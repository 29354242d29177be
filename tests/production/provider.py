"""A provider of logins over HTTP for the tests: OpenID Connect with signed ID tokens, a code for the browser, userinfo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import flask
import httpx
import oidc_provider_mock
from werkzeug.serving import make_server

TOKEN = "/oauth2/token"
"""Where the provider signs ID tokens; only there may the key be another than the published one."""


@dataclass
class Provider:
    """Where it is; ``impostor`` makes it sign with a key that it does not publish."""

    url: str
    impostor: bool = False
    keys: dict[bool, Any] = field(default_factory=dict)

    def client(self, address: str) -> tuple[str, str]:
        """Name and secret of a client that people may be sent back to at this address only."""
        answer = httpx.post(f"{self.url}/oauth2/clients", json={"redirect_uris": [address]})
        assert answer.status_code == 201, answer.text
        return answer.json()["client_id"], answer.json()["client_secret"]

    def person(self, name: str, *groups: str, **claims: str) -> None:
        """What the provider says of a person from now on, as Keycloak says it."""
        told = {
            "preferred_username": name, "given_name": name, "family_name": name, "email": f"{name}@fond.example",
            "groups": groups,
        }  # fmt: skip
        httpx.put(f"{self.url}/users/{name}", json=told | claims).raise_for_status()


@contextmanager
def provider() -> Iterator[Provider]:
    """One in a thread, without people."""
    app = oidc_provider_mock.app(require_client_registration=True)
    server = make_server("localhost", 0, app, threaded=True)
    found = Provider(f"http://localhost:{server.server_port}")

    @app.before_request
    def key() -> None:
        storage = flask.g.oidc_provider_mock_storage
        if not found.keys:
            found.keys |= {False: storage.jwk, True: type(storage.jwk).generate_key(is_private=True)}
        storage.jwk = found.keys[found.impostor and flask.request.path == TOKEN]

    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
