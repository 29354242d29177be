"""Closing of a report month: freeze, control, price, settle, documents, payment packages; control of a day's registers."""
