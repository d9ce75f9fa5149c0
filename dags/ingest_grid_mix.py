"""Once a day: lands new files of the hourly generation mix, of ready intensities, of annual factors, of green supply and of
certificates, then checks and stages each in a task of its own.

Files land in the order of their names, which counts: of two tellings without a revision time the last landed holds.
A task stages what landed before its file and waits still, so tasks may run in any order. A file that is refused fails its own
task and no other. Landing or staging a file twice is doing it once, and a file whose task is green may leave the inbox: the
lake keeps its own copy.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from dag_shape import GRID_MIX_HOUR, SHAPE, files_to_land, ingest_params, refusal_is_final

RELATIONS = ("grid_mix_hour", "grid_intensity_told", "grid_factor_year", "green_supply_hour", "certificate")


@dag(schedule="@daily", params=ingest_params(*RELATIONS), doc_md=__doc__, tags=["chargeledger", "ingest"], **SHAPE)
def ingest_grid_mix() -> None:
    """Land what is new, then check and stage it."""

    @task
    def land_files(params: Any = None) -> list[dict[str, str]]:
        from chargeledger import flow

        with refusal_is_final():
            return [
                {"source": source, "landing_digest": landed["landing_digest"], "file": landed["file"]}
                for source, paths in files_to_land(RELATIONS, params).items()
                for landed in flow.land_files(source, paths, params["lake"] or None, params["at"] or None)
                if not landed["is_staged"]
            ]

    @task(outlets=[GRID_MIX_HOUR], map_index_template="{{ file }}")
    def stage_file(source: str, landing_digest: str, file: str, params: Any = None) -> str:
        from chargeledger import flow

        print(f"{file} is {landing_digest}")
        with refusal_is_final():
            flow.stage_landed(source, landing_digest, params["lake"] or None, report=print)
        return landing_digest

    stage_file.expand_kwargs(land_files())


ingest_grid_mix()
