"""Which version an award keeps when its programme puts another one in force for its vintage."""

from __future__ import annotations

from datetime import date

from chargeledger import rooms
from chargeledger.methodology import Methodology, load
from chargeledger.programme import IN_FORCE, RESTATE_ALL, load_applicability
from chargeledger.relations import Relations

NO_DAY = date(1970, 1, 1)
POSTED_WITH = """
SELECT DISTINCT p.programme, p.methodology FROM prior_state AS p
WHERE p.methodology IS NOT NULL AND p.programme IS NOT NULL AND p.state IN ('awarded', 'not awarded', 'awaiting approval')
  AND NOT EXISTS (SELECT 1 FROM methodology_in_force AS f WHERE f.programme = p.programme AND f.methodology = p.methodology)
ORDER BY p.programme, p.methodology
"""


def keep_versions(
    engine: Relations, versions: dict[str, Methodology], *, everything_anew: bool
) -> dict[str, Methodology]:
    """Say which awards keep their version, as `kept_version`, and load the versions that no line of a programme names any more.

    Such a version is in force on no day; it serves the awards that rest on it. Returns all versions in the order in which they
    run: kept ones first, since what has an award comes before what has none. With `everything_anew` no award keeps anything.
    """
    if everything_anew:
        engine.load_rows(
            "kept_version",
            "session_id VARCHAR, programme VARCHAR, methodology VARCHAR, "
            "methodology_digest VARCHAR, needs_county BOOLEAN",
            [],
        )
        return versions
    gone = [(str(row["programme"]), str(row["methodology"])) for row in engine.rows(POSTED_WITH)]
    rows = []
    for programme, name in gone:
        version = versions.setdefault(name, load(name))
        rows.append((programme, name, version.digest, NO_DAY, NO_DAY, version.needs_county, RESTATE_ALL))
    if gone:
        engine.load_rows("methodology_gone", IN_FORCE, rows)
        engine.add("methodology_in_force", "SELECT * FROM methodology_gone")
        load_applicability(engine, versions)
    engine.load_rows(
        "methodology_known",
        "methodology VARCHAR, needs_county BOOLEAN",
        [(name, version.needs_county) for name, version in versions.items()],
    )
    engine.table("kept_version", rooms.TRANSFORMS / "account" / "kept_version.sql")
    kept = {str(row["methodology"]) for row in engine.rows("SELECT DISTINCT methodology FROM kept_version")}
    return dict(sorted(versions.items(), key=lambda item: item[0] not in kept))
