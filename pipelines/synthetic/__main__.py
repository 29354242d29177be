"""``python -m pipelines.synthetic``."""

from pipelines.synthetic.cli import app

app()
