"""Every real dictionary that the project has at hand, sent through the exchange into an installation without any."""

from __future__ import annotations

import csv
import io
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import date
from itertools import batched
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from pipelines import nsi
from pipelines.demo.servers.postgres import Postgres
from pipelines.exchange.model import Result
from pipelines.formats.archive import write_archive
from pipelines.ground import database as db
from pipelines.ground.settings import ROOT
from tests.exchange.world import World

NSI = "98"
