"""On demand, for an auditor: computes vintages under a methodology version again and compares them with the ledger.

It posts nothing. The comparison is a file in the lake, named by its digest; the same question at the same `at` gives
the same file.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task

from chargeledger import rooms
from dag_shape import SHAPE, clock_param, lake_param, refusal_is_final

PARAMS = {
    "vintages": Param(
        type="string", title="Vintages", description="A local day, or FIRST..LAST, in which sessions ended."
    ),
    "methodology": Param(
        enum=rooms.methodology_names(), title="Methodology", description="The version to compute with, id@version."
    ),
    "programme": Param(
        enum=rooms.programme_names(), title="Programme", description="The programme whose sessions and rules apply."
    ),
    "as_of": Param(
        None,
        type=["null", "integer"],
        title="As of",
        description="What was known at this commit of the ledger. Empty: what is known now.",
    ),
    "lake": lake_param(),
    "at": clock_param(),
}


@dag(schedule=None, params=PARAMS, doc_md=__doc__, tags=["chargeledger", "audit"], **SHAPE)
def rerun_methodology() -> None:
    """Compare."""

    @task
    def compare(params: Any = None) -> str:
        from chargeledger import asking

        with refusal_is_final():
            outcome = asking.compare_methodology(
                params["lake"] or None,
                params["vintages"],
                params["methodology"],
                params["programme"],
                as_of=params["as_of"],
                at=params["at"] or None,
            )
        return str(outcome["comparison"])

    compare()


rerun_methodology()
