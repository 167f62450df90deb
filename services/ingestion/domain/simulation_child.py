"""The process that simulates interviews and writes them as a table: see `limited_child`.

    python -m services.ingestion.domain.simulation_child <request file> <work folder> <limits as JSON>

The request file is JSON: `definitions` ((number, stored definition), the one that is simulated last), `n`, `seed`, `includes`. Not
part of `change_child`, which loads no framework: what is derived and corrected on these rows is done there afterwards.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.ingestion.domain.limited_child import Limits, Report, run


def main() -> int:
    """Write the table that the request file describes; returns the exit code."""
    request_file, work, limits = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    wanted = json.loads(request_file.read_text(encoding="utf-8"))

    def simulate(_engine: Limits, report: Report) -> Mapping[str, Any]:
        from services.ingestion.domain.survey.columns import parquet_bytes
        from services.ingestion.domain.survey.definition import parse_definition
        from services.ingestion.domain.survey.expanding import expanded
        from services.ingestion.domain.survey.simulated import Simulation, simulated_table

        versions = [(number, expanded(parse_definition(one))) for number, one in wanted["definitions"]]
        n, seed = wanted["n"], wanted["seed"]
        simulation = Simulation(versions, n, seed, frozenset(wanted["includes"]))
        table, coverage = simulated_table(simulation, lambda done: report("simulating", done, n))
        parquet = work / "simulated.parquet"
        parquet.write_bytes(parquet_bytes(table))
        number, definition = versions[-1]
        simulated = {"n": n, "seed": seed, "survey_version": number}
        return {
            "parquet": str(parquet),
            "codebook": {**table.codebook, "simulated": simulated},
            "report": coverage.report(definition),
        }

    return run(work, limits, simulate)


if __name__ == "__main__":
    sys.exit(main())
