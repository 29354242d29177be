"""The pages' world for the tests of logins."""

from tests.pages.conftest import pages

__all__ = ["pages"]
