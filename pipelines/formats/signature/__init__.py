"""Electronic signatures in CMS: whether they hold, and whether their certificates are to be trusted."""
