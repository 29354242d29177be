"""Shared ground: settings, database session and COPY, content store, money, dates, encodings, logging."""
