"""When the ledger may have changed: writes a new publication and moves the pointer to it.

A publication is a new folder, complete and verified before the pointer moves; where nothing changed, none is written.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from dag_shape import LEDGER_ENTRY, PUBLICATION, SHAPE, clock_param, lake_param, refusal_is_final

PARAMS = {"lake": lake_param(), "at": clock_param()}


@dag(schedule=[LEDGER_ENTRY], params=PARAMS, doc_md=__doc__, tags=["chargeledger", "publish"], **SHAPE)
def publish_points() -> None:
    """Publish."""

    @task(outlets=[PUBLICATION])
    def publish(params: Any = None) -> str:
        from chargeledger import flow

        with refusal_is_final():
            publication = flow.publish(params["lake"] or None, at=params["at"] or None, report=print)
        return str(publication["path"])

    publish()


publish_points()
