"""Once a day: lands new files of the hourly generation mix, one task a file.

A file that is refused fails its own task and no other; the rest is staged. Landing a file twice is landing it once, so
every task is safe to repeat, and a file whose task is green may leave the inbox: the lake keeps its own copy.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from dag_shape import GRID_MIX_HOUR, SHAPE, files_to_ingest, ingest_params, refusal_is_final

RELATION = "grid_mix_hour"


@dag(schedule="@daily", params=ingest_params(RELATION), doc_md=__doc__, tags=["chargeledger", "ingest"], **SHAPE)
def ingest_grid_mix() -> None:
    """Find the files, then land, check and stage each."""

    @task
    def find_files(params: Any = None) -> list[dict[str, str]]:
        with refusal_is_final():
            return files_to_ingest(RELATION, params)

    @task(outlets=[GRID_MIX_HOUR], map_index_template="{{ path.split('/') | last }}")
    def ingest_file(source: str, path: str, params: Any = None) -> list[str]:
        from chargeledger import flow

        with refusal_is_final():
            landed = flow.ingest(source, [path], params["lake"] or None, at=params["at"] or None, report=print)
        return [file["landing_digest"] for file in landed]

    ingest_file.expand_kwargs(find_files())


ingest_grid_mix()
