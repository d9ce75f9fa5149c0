"""One accounting, computed: from inputs at fixed versions to due, posted and their difference. It writes nothing.

`account` computes and commits, `rerun` computes again and compares, `compare` computes under another version.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chargeledger import rooms
from chargeledger.awarding import MATCHED, award, match
from chargeledger.claims import decide_claims
from chargeledger.contract import contract
from chargeledger.errors import Refused
from chargeledger.holding import PROPOSED, check_coupled, decide, proposal_totals, propose, remember, say_as_proposed
from chargeledger.lake import Lake, LedgerCommit, PeriodClose, instant_text
from chargeledger.methodology import Methodology
from chargeledger.programme import Programme, load_programmes
from chargeledger.proposing import as_if_approved
from chargeledger.reach import NO_PROGRAMME, narrow, reaches_back_to
from chargeledger.relations import Relations
from chargeledger.restating import keep_versions
from chargeledger.scope import ACCOUNTING, Inputs, Question, Scope
from chargeledger.table import files, row_count
from chargeledger.touching import touch

ACCOUNT_SQL = rooms.TRANSFORMS / "account"
# What the states and entries of a run add to sums over all runs.
FOLDED = ("vintage_open", "state_tally", "entry_tally")
STATES = ("session_state", "vintage_state", "grid_intensity_state", *MATCHED, "match_state", *PROPOSED, *FOLDED)
PRIOR = ("prior_state", "prior_vintage", "prior_open", "prior_intensity", "prior_match")
# What is known now of everything received, in the order in which one rests on the other.
CURRENT = (
    *("session_current", "charging_station_current", "session_station", "session_owner_current"),
    *("enrolment_current", "grid_mix_current", "green_supply_current", "certificate_current", "session_scope"),
)

NOTHING_FINAL = """SELECT programme, vintage, 'provisional' AS state, CAST(NULL AS BIGINT) AS final_since_seq, ledger_version
FROM prior_vintage"""
# What has arrived is not accounted by a decision, so no vintage is done.
AS_BEFORE = """SELECT programme, vintage, coalesce(prior_state, 'provisional') AS state, prior_state, prior_seq
FROM vintage_judged"""


@dataclass
class Computation:
    """Relations of one accounting, in `engine`."""

    engine: Relations
    scope: Scope
    clock: datetime
    inputs: Inputs
    batch_seq: int
    last_seq: int
    programme_digests: dict[str, str]
    versions: dict[str, Methodology]
    question: Question = ACCOUNTING
    ran: list[str] = field(default_factory=list)
    stood_aside: bool = False

    def changes(self) -> int:
        """Rows that a commit of this would add."""
        return sum(self.engine.count(f"SELECT 1 FROM {relation}") for relation in ("ledger_entry", *STATES))

    def held(self) -> list[str]:
        """Lineages whose change waits for approval after this run."""
        rows = self.engine.rows(
            """SELECT session_id FROM session_state WHERE state = 'awaiting approval'
            UNION SELECT session_id FROM prior_state AS p CROSS JOIN run_scope AS x WHERE state = 'awaiting approval'
              AND (x.programme IS NULL OR p.programme = x.programme)
              AND (x.vintage_from IS NULL OR p.vintage BETWEEN x.vintage_from AND x.vintage_until)
              AND NOT EXISTS (SELECT 1 FROM session_state AS s WHERE s.session_id = p.session_id)
            ORDER BY session_id"""
        )
        return [str(row["session_id"]) for row in rows]


def compute(
    lake: Lake,
    engine: Relations,
    scope: Scope,
    clock: datetime,
    inputs: Inputs,
    found: list[Programme],
    question: Question = ACCOUNTING,
) -> Computation:
    """Compute what the ledger lacks for the scope at the clock, from exactly these inputs, under these programmes."""
    commits = lake.commits(until=inputs.ledger_version)
    # A session is asked about as its run left it: the hours that run matched are matched already.
    matched = lake.commits(until=inputs.ledger_version + 1) if question.session_id else commits
    last_seq, batch_seq = open_inputs(lake, engine, inputs, commits, matched)
    versions = load_programmes(engine, found, draft_allowed=question.draft_allowed)
    marks = _watermarks([] if question.everything else commits, found)
    _load_run(engine, scope, clock, marks, last_seq)
    load_closed(engine, lake.closes(until=inputs.ledger_version))
    engine.table("open_period", ACCOUNT_SQL / "open_period.sql")
    accounted = reaches_back_to(marks, scope, question, [programme.name for programme in found])
    if accounted is not None:
        engine.table("prior_open", ACCOUNT_SQL / "prior_open.sql")
        narrow(engine, accounted, scope, question, commits, matches=any(v.matching for v in versions.values()))
    load_prior(engine)
    remember(engine)
    versions = keep_versions(engine, versions, everything_anew=question.nothing_is_final)
    for relation in CURRENT:
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
    decide_claims(engine, ACCOUNT_SQL)
    if question.nothing_is_final:
        engine.keep("prior_vintage", NOTHING_FINAL)
    for relation in ("quarantined_lineage", "session_lineage", "match_changed", "session_arrived"):
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
    if question.session_id:
        engine.load_rows("session_arrived", "session_id VARCHAR", [(question.session_id,)])
    decide(engine, question)
    touch(engine, ACCOUNT_SQL)
    check_coupled(engine, question.decision)
    _forget(engine, "session_owner_current", "enrolment_current")
    digests = {programme.name: programme.digest for programme in found}
    run = Computation(engine, scope, clock, inputs, batch_seq, last_seq, digests, versions, question)
    match(engine, versions)
    run.ran, run.stood_aside = award(engine, versions)
    _forget(engine, "session_lineage", "session_arrived")
    engine.table("change_reason", ACCOUNT_SQL / "change_reason.sql")
    say_as_proposed(engine, question.decision)
    engine.table("vintage_judged", ACCOUNT_SQL / "vintage_judged.sql")
    if question.decision:
        engine.keep("vintage_judged", AS_BEFORE)
    _finish(run)
    return run


def _forget(engine: Relations, *relations: str) -> None:
    """Give back the memory of what nothing asks for any more; each has a row per lineage."""
    for relation in relations:
        engine.drop(relation)


def open_inputs(
    lake: Lake,
    engine: Relations,
    inputs: Inputs,
    commits: list[LedgerCommit],
    matched: list[LedgerCommit] | None = None,
) -> tuple[int, int]:
    """Show staged tables, ledger and states in the engine at their versions; return last seq and last batch_seq.

    Matches are those of `matched`, where they are not those of all commits.
    """
    for relation, version in inputs.staged.items():
        engine.view(relation, lake.files(relation, version), contract(relation))
    engine.keep("staged_batch", "SELECT * FROM batch WHERE state = 'staged'")
    ledger = lake.table("ledger_entry", inputs.ledger_version)
    engine.view("ledger_entry_log", files(ledger), contract("ledger_entry"))
    for state in STATES:
        told = matched if matched is not None and state in MATCHED else commits
        engine.view(f"{state}_log", lake.state_files(state, told), contract(state))
    return row_count(ledger), engine.scalar("SELECT max(batch_seq) FROM staged_batch")


def load_closed(engine: Relations, closes: list[PeriodClose]) -> None:
    """Show the closed months, as `period_closed`."""
    engine.load_rows("period_closed", "programme VARCHAR, period VARCHAR", [(c.programme, c.period) for c in closes])


def load_prior(engine: Relations) -> None:
    """The newest row of every state, as `prior_state`, `prior_vintage`, `prior_open`, `prior_intensity` and `prior_match`."""
    for relation in PRIOR:
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")


def _load_run(
    engine: Relations,
    scope: Scope,
    clock: datetime,
    marks: dict[tuple[object, ...], int],
    last_seq: int,
) -> None:
    engine.load_rows(
        "run_scope",
        "programme VARCHAR, vintage_from DATE, vintage_until DATE",
        [(scope.programme, scope.vintage_from, scope.vintage_until)],
    )
    engine.load_rows("run_clock", "instant TIMESTAMPTZ", [(clock,)])
    engine.load_rows("last_entry", "seq BIGINT", [(last_seq,)])
    rows = [(name, *days, seq) for (name, *days), seq in marks.items()]
    engine.load_rows("watermark", "programme VARCHAR, vintage_from DATE, vintage_until DATE, batch_seq BIGINT", rows)


def _watermarks(commits: list[LedgerCommit], found: list[Programme]) -> dict[tuple[object, ...], int]:
    """Up to which batch each span of vintages of a programme is accounted, as (programme, from, until) to batch_seq.

    What was accounted under another file of the programme counts as not accounted; a decision accounts no arrivals.
    """
    marks: dict[tuple[object, ...], int] = {}
    for programme in found:
        for commit in reversed([commit for commit in commits if not commit.decision]):
            if commit.programmes.get(programme.name) != programme.digest:
                break
            scope = Scope.from_json(commit.scope)
            if scope.programme in (None, programme.name):
                marks.setdefault((programme.name, scope.vintage_from, scope.vintage_until), commit.batch_seq)
    if commits:
        marks[(NO_PROGRAMME, None, None)] = commits[-1].batch_seq
    return marks


def _finish(run: Computation) -> None:
    engine, version = run.engine, run.inputs.ledger_version + 1
    engine.table("ledger_entry", ACCOUNT_SQL / "ledger_entry.sql")
    engine.add_column("ledger_entry", "receipt_digest", "VARCHAR", "")
    engine.hold_to(contract("ledger_entry"), "ledger_entry")
    if run.stood_aside:
        as_if_approved(engine, run.versions)
    propose(engine)
    for relation in ("touched_scope", "touched_award", "session_state"):  # not all joined at once: memory bounds a day
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
    _forget(engine, "touched_scope", "touched_award")
    engine.add_column("session_state", "ledger_version", "BIGINT", version)
    engine.hold_to(contract("session_state"), "session_state")
    engine.keep(
        "vintage_state",
        f"""SELECT programme, vintage, state,
          CASE WHEN state = 'final' THEN {run.last_seq} + (SELECT count(*) FROM ledger_entry) END AS final_since_seq,
          CAST({version} AS BIGINT) AS ledger_version
        FROM vintage_judged WHERE prior_state IS DISTINCT FROM state""",
    )
    engine.hold_to(contract("vintage_state"), "vintage_state")
    for relation in ("grid_intensity_state", "match_state", *FOLDED):
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
    for relation in ("grid_intensity_state", "match_state", *MATCHED, *PROPOSED, *FOLDED):
        engine.add_column(relation, "ledger_version", "BIGINT", version)
        engine.hold_to(contract(relation), relation)
    _check_invariants(engine)


def _check_invariants(engine: Relations) -> None:
    """Every file of transforms/invariant/account states one property and selects what breaks it. None may."""
    breaches = []
    for path in sorted((rooms.TRANSFORMS / "invariant" / "account").glob("*.sql")):
        breach = path.read_text(encoding="utf-8")
        if broken := engine.count(breach):
            keys = [
                str(next(iter(row.values()))) for row in engine.rows(f"SELECT * FROM ({breach}) ORDER BY ALL LIMIT 5")
            ]
            breaches.append(f"{path.stem}: {broken} rows, such as {', '.join(keys)} ({path.relative_to(rooms.ROOT)})")
    if breaches:
        raise Refused("the accounting was not posted, because invariants do not hold:\n  " + "\n  ".join(breaches))


def run_document(run: Computation, fingerprint: str) -> dict[str, Any]:
    """The receipt of a computation, without the digests of code, which its caller adds."""
    engine = run.engine
    outputs = (
        "interval_hour",
        "session_hour",
        "session_match",
        "session_assessment",
        "session_award",
        "grid_intensity_hour",
        "ledger_entry",
        *STATES,
    )
    totals = engine.rows(
        """SELECT count(*) AS entries, CAST(coalesce(sum(points), 0) AS BIGINT) AS points,
        CAST(coalesce(sum(emission_reductions_ng), 0) AS DECIMAL(38,0)) AS emission_reductions_ng FROM ledger_entry"""
    )[0]
    decision = run.question.decision
    return {
        **({"decision": decision.as_json()} if decision else {}),
        **({"proposal": told} if (told := proposal_totals(engine))["keys"] else {}),
        "kind": "accounting",
        "clock": instant_text(run.clock),
        "scope": run.scope.as_json(),
        "inputs": {
            "staged": run.inputs.staged,
            "ledger_version": run.inputs.ledger_version,
            "batch_seq": run.batch_seq,
            "digests": {
                name: engine.digest(name, contract(name)) for name in ("session", "session_interval", "grid_mix_hour")
            },
        },
        "programmes": run.programme_digests,
        "methodologies": {name: run.versions[name].digest for name in run.ran},
        "key_fingerprint": fingerprint,
        "outputs": {name: engine.digest(name, contract(name)) for name in outputs},
        "counts": {
            "touched": engine.count("SELECT 1 FROM session_touched"),
            "entries": totals["entries"],
            "points": totals["points"],
            "emission_reductions_ng": str(totals["emission_reductions_ng"]),
        },
        "held": run.held(),
    }
