"""The main file of a register T: high-technology care by methods of V019, paid by the tariff of its group."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipelines.synthetic import columns as col
from pipelines.synthetic.writer import Writer


class HighTechWriter(Writer):
    """From arrays to the tables of file T."""

    def case_columns(self) -> dict[str, pa.Array]:
        return {"IDSP": col.same("32", len(self.drawn.cases))}

    def visit_columns(self) -> dict[str, pa.Array]:
        visits, rng = self.drawn.visits, self.rng
        count = len(visits)
        kinds = {row["IDHM"]: row["HVID"] for row in self.scenery.open("V019")}
        issued = visits.begin - rng.integers(5, 40, count)
        return {
            "VID_HMP": col.pick([kinds[entry.method] for entry in self.templates], visits.template),
            "METOD_HMP": col.pick([entry.method for entry in self.templates], visits.template),
            "TAL_D": col.days(issued),
            "TAL_NUM": col.join(
                f"{self.scenery.region.okato[:2]}.{self.period:%y%m}.",
                col.integers(np.arange(1, count + 1), 5),
                ".",
                col.integers(rng.integers(0, 1_000, count), 3),
            ),
            "TAL_P": col.days(visits.begin - rng.integers(0, 4, count)),
            "DS_ONK": col.same("0", count),
        }

    def service_columns(self) -> dict[str, pa.Array]:
        visit = self.drawn.services.visit
        first = np.append(True, visit[1:] != visit[:-1])[: len(visit)]
        return {"VID_VME": col.pick([entry.method for entry in self.templates], self.drawn.visits.template[visit], first)}
