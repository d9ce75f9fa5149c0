"""A source tried on a file: what would be accepted, and what refused by which rule. Nothing lands, and no lake is needed."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chargeledger import rooms
from chargeledger.batch_rules import Finding
from chargeledger.candidates import STAGING_SQL, read_candidates
from chargeledger.contract import contract
from chargeledger.engine import Engine
from chargeledger.errors import Refused, UsageError
from chargeledger.reading import read_rows
from chargeledger.source import Source, load_source, read_source
from chargeledger.staging import check, find_earlier, profile

UNANSWERED = "?"
EXAMPLES = 3
PSEUDONYM_SHOWN = 12
Row = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """What a file would become: the batch's figures, refusals by rule, rows by relation, and what the batch rules say."""

    profile: dict[str, Any]
    refused: list[Row]
    relations: dict[str, int]
    accepted: list[str]
    findings: list[Finding]

    @property
    def broken(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.passed and finding.severity == "refuse_batch"]


def source_of(name: str | None, definition: Path | None) -> Source:
    """A source of the project by name, or one by the path of its definition, with its SQL where a draft puts it."""
    if (name is None) == (definition is None):
        raise UsageError("say which source: --source NAME, or --definition FILE.yaml")
    if name is not None:
        return load_source(name)
    path = Path(str(definition)).resolve()
    if not path.is_file():
        raise UsageError(f"{definition}: there is no such file")
    room = path.parent.parent.parent / "transforms" / "sources"
    source = read_source(path, room)
    if not source.sql(source.relation).is_file():
        raise UsageError(
            f"{source.sql(source.relation)} is not there: a definition in data_contracts/sources has its SQL there"
        )
    return source


def try_file(path: Path, source: Source) -> Trial:
    """Read and judge a file as if it were the first to land. Raises Refused where it would be refused before its rows are."""
    if not path.is_file():
        raise UsageError(f"{path}: {'is a folder' if path.is_dir() else 'there is no such file'}")
    if asked := [name for name, value in source.constants.items() if value == UNANSWERED]:
        raise Refused(
            f"{source.definition.file} still asks for {', '.join(asked)}: answer in customProperties, and try again"
        )
    if unknown := [each for each in source.relations if not (rooms.CONTRACTS / f"{each}.yaml").is_file()]:
        raise Refused(f"{source.definition.file}: there is no relation {', '.join(unknown)} in data_contracts/")
    with Engine() as engine:
        read_rows(engine, source, path, path.name, secrets.token_bytes(32))  # a key that nobody keeps
        read_candidates(engine, source)
        for register in ("batch", "row_outcome", source.relation):
            engine.view(register, [], contract(register))
        find_earlier(engine, source, landing_seq=1)
        engine.load_rows("arriving", "landing_seq BIGINT, landed_at TIMESTAMPTZ", [(1, datetime.now(UTC))])
        engine.table("fate", STAGING_SQL / "row_outcome.sql")
        findings = check(engine, source)
        return Trial(
            profile(engine), _refused(engine, source), _relations(engine, source), _accepted(engine, source), findings
        )


def _refused(engine: Engine, source: Source) -> list[Row]:
    rows = engine.rows(
        f"""SELECT f.rule, count(*) AS rows,
          list({{'row': f.row_number, 'said': CAST(to_json(r) AS VARCHAR)}} ORDER BY f.row_number)[:{EXAMPLES}] AS examples
        FROM fate AS f JOIN landed_row AS r USING (row_number)
        WHERE f.outcome = 'quarantined' GROUP BY f.rule ORDER BY rows DESC, f.rule"""
    )
    for row in rows:
        for example in row["examples"]:  # type: ignore[attr-defined]
            example["said"] = _shortened(json.loads(example["said"]), source)
    return rows


def _shortened(said: Row, source: Source) -> str:
    """A row without its number, pseudonyms cut to their first digits."""
    told = {
        name: f"{value[:PSEUDONYM_SHOWN]}…" if value and name in source.identity else value
        for name, value in said.items()
        if name != "row_number"
    }
    return json.dumps(told, ensure_ascii=False)


def _relations(engine: Engine, source: Source) -> dict[str, int]:
    rows = "SELECT 1 FROM candidate_{} AS c JOIN fate AS f USING (row_number) WHERE f.outcome IN ('accepted', 'superseded')"
    return {relation: engine.count(rows.format(relation)) for relation in source.relations}


def _accepted(engine: Engine, source: Source) -> list[str]:
    """The first rows accepted, as they were understood."""
    rows = engine.rows(
        f"""SELECT c.* FROM candidate_{source.relation} AS c JOIN fate AS f USING (row_number)
        WHERE f.outcome = 'accepted' ORDER BY row_number LIMIT {EXAMPLES}"""
    )
    owed = [column.name for column in source.contract.digest_columns]
    return [", ".join(f"{name} {_plain(row[name])}" for name in owed if row[name] is not None) for row in rows]


def _plain(value: object) -> str:
    text = str(value)
    return f"{text[:PSEUDONYM_SHOWN]}…" if len(text) == 64 else text
