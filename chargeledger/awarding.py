"""From what is touched to what is due: green supply matched, every version run on its own sessions, awards held or deferred.

Everything is read from and written to the relations of one computation.
"""

from __future__ import annotations

from chargeledger import rooms
from chargeledger.claims import holds_a_connector, stand_on_connectors
from chargeledger.contract import contract
from chargeledger.holding import hold
from chargeledger.methodology import STEP_RELATION, Methodology, empty
from chargeledger.relations import Relations
from chargeledger.touching import is_capped, touch

ACCOUNT_SQL = rooms.TRANSFORMS / "account"
MATCHED = ("energy_match", "match_hour")
KNOWN = ("match_known", "match_hour_known", "certificate_known")
BORDER = tuple(STEP_RELATION.values())


def match(engine: Relations, versions: dict[str, Methodology]) -> None:
    """Match the hours whose time has come, each version that matches its own; then what is known of all matches."""
    for relation in MATCHED:
        empty(engine, relation, relation)
    for name, version in versions.items():
        if not version.matching:
            continue
        engine.load_rows("methodology_running", "methodology VARCHAR", [(name,)])
        engine.table("match_hour_due", ACCOUNT_SQL / "match_hour_due.sql", contract("match_hour_due"))
        if not engine.count("SELECT 1 FROM match_hour_due"):
            continue
        engine.table("session_admitted", ACCOUNT_SQL / "session_competing.sql")
        for relation in ("session", "session_interval"):
            engine.table(relation, ACCOUNT_SQL / f"{relation}.sql", contract(relation))
        engine.table("green_supply", ACCOUNT_SQL / "green_supply.sql", contract("green_supply"))
        version.match(engine)
        engine.add("energy_match", "SELECT * FROM energy_match_so_far")
        engine.table("match_hour_done", ACCOUNT_SQL / "match_hour.sql")
        engine.add("match_hour", "SELECT * FROM match_hour_done")
    engine.table("match_coupled", ACCOUNT_SQL / "match_coupled.sql")
    if engine.count("SELECT 1 FROM match_coupled"):
        engine.add("session_arrived", "SELECT session_id FROM match_coupled")
        touch(engine, ACCOUNT_SQL)
    engine.table("match_of_all", ACCOUNT_SQL / "match_of_all.sql")
    for relation in KNOWN:
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql", contract(relation))


def award(engine: Relations, versions: dict[str, Methodology]) -> tuple[list[str], bool]:
    """Award what is due, and return the versions that ran, and whether what is held stood aside for it.

    Where something is held under a cap or on a connector, award once more with it as it stood; where something would be a first
    award of a final vintage on open grounds, without it.
    """
    engine.load_rows("deferred_session", "session_id VARCHAR", [])
    held, is_first, on_connector = 0, True, False
    while True:
        for relation in ("session_as_stood", "session_admitted"):
            engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
        ran = run_versions(engine, versions)
        engine.table("session_deferred", ACCOUNT_SQL / "session_deferred.sql")
        if engine.count("SELECT 1 FROM session_deferred"):
            engine.add("deferred_session", "SELECT * FROM session_deferred")
            engine.drop("grid_mix_hour")
            continue
        hold(engine, is_first=is_first)
        now, is_first = engine.count("SELECT 1 FROM held_session"), False
        on_connector = on_connector or holds_a_connector(engine)  # as it stood it may have none
        if now == held or not (is_capped(engine) or on_connector):
            return ran, held > 0
        held = now
        if on_connector:
            stand_on_connectors(engine, ACCOUNT_SQL)
        engine.drop("grid_mix_hour")


def run_versions(engine: Relations, versions: dict[str, Methodology]) -> list[str]:
    """Run every version that has a touched session or a new hour, and return them; gather the border relations of all of them."""
    ran = []
    gathered = ("session", "session_interval", "grid_mix_hour", *BORDER)
    for relation in gathered:
        empty(engine, f"all_{relation}", relation)
    for name, version in versions.items():
        engine.load_rows("methodology_running", "methodology VARCHAR", [(name,)])
        for relation in ("session", "session_interval"):
            engine.table(relation, ACCOUNT_SQL / f"{relation}.sql", contract(relation))
        engine.table("mix_in_reach", ACCOUNT_SQL / "grid_mix_hour.sql")
        if engine.count("SELECT 1 FROM session") or engine.count("SELECT 1 FROM mix_in_reach"):
            engine.show("grid_mix_hour", "SELECT * FROM mix_in_reach")
            _run_beside_others(engine, version, alone=len(versions) == 1)
            ran.append(name)
            for relation in gathered:
                if relation not in BORDER or relation in version.gives:
                    engine.add(f"all_{relation}", f"SELECT * FROM {relation}")
    engine.drop("grid_mix_hour")
    for relation in gathered:
        engine.drop(relation)
        engine.rename(f"all_{relation}", relation)
    return ran


def _run_beside_others(engine: Relations, version: Methodology, *, alone: bool) -> None:
    """Run a version. Under a cap it sees what others award to its accounts, as standing; what it makes of that is dropped."""
    if alone or not is_capped(engine):
        version.run(engine)
        return
    engine.table("session_of_others", ACCOUNT_SQL / "session_of_others.sql")
    engine.add("session", "SELECT * FROM session_of_others")
    version.run(engine)
    for relation in ("session", *version.gives):
        if "session_id" in {column.name for column in contract(relation).columns}:
            engine.keep(relation, f"SELECT * FROM {relation} ANTI JOIN session_of_others USING (session_id)")
