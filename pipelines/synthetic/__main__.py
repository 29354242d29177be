"""``python -m pipelines.synthetic``."""

from pipelines.ground.commands import russian
from pipelines.synthetic.cli import app

russian(app)()
