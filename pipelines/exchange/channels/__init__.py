"""Channels: SFTP, mail, local folder, behind one small interface."""

from pipelines.exchange.channels.folder import FolderChannel
from pipelines.exchange.channels.mail import MailChannel
from pipelines.exchange.channels.sftp import SftpChannel

__all__ = ["FolderChannel", "MailChannel", "SftpChannel"]
