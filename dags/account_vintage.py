"""When sessions or grid data have arrived: allocates, assesses, awards and posts what the ledger lacks.

The doorbell only wakes the run; which sessions were touched is found from the lake. What lacks a grid hour waits in the
lake, the run does not. Posting is the difference between due and posted, so a repeated run posts nothing.

Changes to awards of a final vintage, or beyond a threshold of the programme, are held for approval. Everything else has
posted, and the publication is woken, before the task `nothing_held` fails to show them: a red `nothing_held` beside a
green `account` asks for a decision, not for a repetition.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task
from airflow.sdk.exceptions import AirflowFailException

from dag_shape import (
    CHARGING_SESSION,
    GRID_MIX_HOUR,
    LEDGER_ENTRY,
    SHAPE,
    clock_param,
    lake_param,
    programme_param,
    refusal_is_final,
)

PARAMS = {
    "vintages": Param(
        "",
        type="string",
        title="Vintages",
        description="A local day, or FIRST..LAST, in which sessions ended. Empty: every vintage that was touched.",
    ),
    "programme": programme_param(),
    "engine": Param(
        "duckdb", enum=["duckdb", "spark"], title="Engine", description="What computes the methodology's SQL."
    ),
    "lake": lake_param(),
    "at": clock_param(),
}


@dag(
    schedule=(CHARGING_SESSION | GRID_MIX_HOUR),
    params=PARAMS,
    doc_md=__doc__,
    tags=["chargeledger", "account"],
    **SHAPE,
)
def account_vintage() -> None:
    """Post, ring for the publication, then show what is held."""

    @task(outlets=[LEDGER_ENTRY])
    def account(params: Any = None) -> dict[str, Any]:
        from chargeledger import errors, flow

        with refusal_is_final():
            outcome = flow.account(
                params["lake"] or None,
                params["vintages"] or None,
                params["programme"] or None,
                engine=params["engine"],
                at=params["at"] or None,
                report=print,
            )
        return {"receipt": outcome["receipt"], "held": errors.some_keys(outcome["held"])}

    @task
    def nothing_held(accounted: dict[str, Any]) -> None:
        if accounted["held"]:
            raise AirflowFailException(f"All else has posted. Awaiting approval: {accounted['held']}")

    nothing_held(account())  # type: ignore[arg-type]


account_vintage()
