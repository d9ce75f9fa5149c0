"""Once a day: is everything in? Fails where a day or a delivery lacks sessions that were to come, the worst rows in its log.

What should have come is told by control totals, else by the same weekday of earlier weeks. It changes nothing.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task
from airflow.sdk.exceptions import AirflowFailException

from dag_shape import SHAPE, clock_param, lake_param, programme_param, refusal_is_final

PARAMS = {
    "vintages": Param(
        "",
        type="string",
        title="Vintages",
        description="A local day, or FIRST..LAST, in which sessions ended. Empty: the last seven days.",
    ),
    "programme": programme_param("judged"),
    "lake": lake_param(),
    "at": clock_param(),
}


@dag(schedule="@daily", params=PARAMS, doc_md=__doc__, tags=["chargeledger", "check"], **SHAPE)
def check_completeness() -> None:
    """Judge, say what is missing, worst first, and fail where anything is."""

    @task
    def check(params: Any = None) -> None:
        from chargeledger import asking, errors

        with refusal_is_final():
            told = asking.completeness(
                params["lake"] or None, params["vintages"] or None, params["programme"] or None, params["at"] or None
            )
        for line in told.missing:
            print(line)
        if told.missing:
            raise AirflowFailException(f"Missing, worst first: {errors.some_keys(told.missing)}")

    check()


check_completeness()
