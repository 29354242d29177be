"""Benchmarks: ratios in one run against the floor of the machine and a plain implementation; never a timed test."""
