"""НСИ: editions of the federal dictionaries, as the fund's department of reference data sends them."""

from pipelines.reference.kinds import KINDS

__all__ = ["KINDS"]
