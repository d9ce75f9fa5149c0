"""Once a day: fetches the charge detail records that an OCPI party keeps ready, page by page, lands, checks and stages them.

The party is a connection of Airflow: its host is the address of the CDR endpoint, its password the credentials token. Without a
password there the token is CHARGELEDGER_OCPI_TOKEN; it is never a parameter, since parameters are shown. A pull goes on where the
last whole one ended; one that came short fails, and the next one starts where it did.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task

from dag_shape import CHARGING_SESSION, SHAPE, clock_param, lake_param, party, refusal_is_final, sources_of

PARAMS = {
    "connection": Param(
        "chargeledger_ocpi",
        type="string",
        title="Connection",
        description="The connection of Airflow that holds the party's address and token.",
    ),
    "source": Param(
        "ocpi_cdr",
        enum=sources_of(["charging_session"]),
        title="Source",
        description="The source definition that the pages are read by.",
    ),
    "since": Param(
        "",
        type="string",
        title="From",
        description="Records last updated from this ISO 8601 instant on. Empty: where the last whole pull ended.",
    ),
    "until": Param(
        "",
        type="string",
        title="To",
        description="Records last updated before this ISO 8601 instant. Empty: the clock.",
    ),
    "lake": lake_param(),
    "at": clock_param(),
}


@dag(schedule="@daily", params=PARAMS, doc_md=__doc__, tags=["chargeledger", "ingest"], **SHAPE)
def pull_charging_sessions() -> None:
    """Fetch what is new, then check and stage it."""

    @task(outlets=[CHARGING_SESSION])
    def pull(params: Any = None) -> str:
        from chargeledger import flow

        with refusal_is_final():
            address, token = party(params["connection"])
            done = flow.pull_ocpi(
                address,
                token,
                params["lake"] or None,
                params["source"],
                params["since"] or None,
                params["until"] or None,
                params["at"] or None,
                report=print,
            )
        return str(done["pulled_until"])

    pull()


pull_charging_sessions()
