"""Packages in, packages out: channels, claim, journal, catalogue of kinds, processing, protocols, outbox, delivery."""
