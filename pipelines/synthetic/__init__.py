"""Synthetic registers of an invented territory: good ones, faulty ones, and a whole traffic of packages for the demo."""
