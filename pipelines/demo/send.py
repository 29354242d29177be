"""Sends the demo's shipments as their organisations would, and fetches the answers the same way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from email.message import EmailMessage
from functools import cached_property, partial

from pipelines.demo.config import Stand
from pipelines.demo.parties import MailParty, SftpParty
from pipelines.demo.watch import Track
from pipelines.exchange.region import Organisation
from pipelines.synthetic.traffic import Shipment


class Senders:
    """All senders of the demo: connections are opened when needed and closed together."""

    def __init__(self, stand: Stand, sftp_host_key: str) -> None:
        self._stand = stand
        self._host_key = sftp_host_key
        self._sftp: dict[str, SftpParty] = {}
        self._mail: dict[str, MailParty] = {}

    def address(self, shipment: Shipment) -> str:
        """Login or mail address that a shipment is sent from; a stranger's is its own."""
        organisation = self._organisations.get(shipment.sender)
        if organisation is None:
            return shipment.sender
        return organisation.login if shipment.channel == "sftp" else organisation.addresses[0]

    def send(self, track: Track) -> None:
        """Send a shipment; notes the time and, for a letter, its Message-ID."""
        shipment = track.shipment
        if shipment.channel == "mail":
            name = shipment.name if shipment.attach else None
            track.message_id = self._mail_party(track.address).send(shipment.subject, name, shipment.sent)
        else:
            self._sftp_party(track.address).drop(shipment.name, shipment.sent, rename=shipment.upload == "whole")
        track.sent_at = time.monotonic()

    def fetch(self, track: Track, names: Iterable[str]) -> Mapping[str, bytes]:
        """Those of the answers that are there by now."""
        if track.shipment.channel == "sftp":
            party = self._sftp_party(track.address)
            return {name: party.fetch(name) for name in party.answers() & set(names)}
        found: dict[str, bytes] = {}
        for reference, attachments in self._mail_party(track.address).answers():
            if reference.strip("<> ") == track.message_id.strip("<> "):
                found |= attachments
        return {name: found[name] for name in names if name in found}

    def delivered(self, channel: str, address: str) -> Mapping[str, Callable[[], bytes]]:
        """Everything that an organisation finds in its folder or its letters, by name, to be read when wanted."""
        if channel == "sftp":
            party = self._sftp_party(address)
            return {name: partial(party.fetch, name) for name in party.answers()}
        letters = self._mail_party(address).answers()
        return {name: partial(bytes, content) for _, found in letters for name, content in found.items()}

    def to_operators(self) -> list[EmailMessage]:
        """Letters that the fund's operators have got from the exchange."""
        return [letter for address in self._stand.operators for letter in self._mail_party(address).letters()]

    def close(self) -> None:
        for party in self._sftp.values():
            party.close()

    @cached_property
    def _organisations(self) -> Mapping[str, Organisation]:
        return {organisation.code: organisation for organisation in self._stand.organisations}

    def _sftp_party(self, login: str) -> SftpParty:
        if login not in self._sftp:
            password = self._stand.secrets[login]
            self._sftp[login] = SftpParty(self._stand.ports["sftp"], login, password, self._host_key)
        return self._sftp[login]

    def _mail_party(self, address: str) -> MailParty:
        if address not in self._mail:
            self._mail[address] = MailParty(self._stand, address, self._stand.mail_accounts.get(address))
        return self._mail[address]
