"""The library of the exchange: one package per subsystem of the fund, on a small shared ground."""
