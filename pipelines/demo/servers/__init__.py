"""Embedded servers of the demo stand and of the tests; loopback only."""
