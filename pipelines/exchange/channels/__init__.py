"""Channels: SFTP, mail, local folder, behind one small interface."""
