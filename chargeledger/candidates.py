"""Candidates: what a landed file says as rows of its source's relations, by what each is known, and which rules it breaks."""

from __future__ import annotations

from chargeledger import rooms
from chargeledger.contract import contract
from chargeledger.engine import Engine, canonical_line, quoted
from chargeledger.errors import Refused
from chargeledger.source import Source

STAGING_SQL = rooms.TRANSFORMS / "staging"


def read_candidates(engine: Engine, source: Source) -> None:
    """`candidate_<relation>` for each relation, and `candidate_row`: one row per row of the file."""
    for path in rooms.references():
        engine.con.execute(
            f'CREATE OR REPLACE TABLE "{path.stem}" AS SELECT * FROM read_csv({quoted(path)}, all_varchar = true)'
        )
    for relation in source.relations:
        engine.table(f"candidate_{relation}", source.sql(relation))
        if (finishing := STAGING_SQL / f"{relation}.sql").exists():
            engine.table(f"candidate_{relation}", finishing)
        _complete(engine, source, relation)
    if "charging_interval" in source.relations:
        engine.table("interval_digest", STAGING_SQL / "interval_digest.sql")
        engine.con.execute(
            """UPDATE candidate_charging_session SET interval_digest = d.interval_digest
            FROM interval_digest AS d WHERE d.row_number = candidate_charging_session.row_number"""
        )
    _judge(engine, source)
    _describe(engine, source)


def _judge(engine: Engine, source: Source) -> None:
    """`candidate_breach`: the first row rule that a row of the file breaks, and all of them; no row where it breaks none."""
    row_rules = source.definition.row_rules + source.contract.row_rules
    holds = [f"coalesce(({rule.predicate}), false)" for rule in row_rules]
    failing = ", ".join(f"CASE WHEN NOT {each} THEN {place} END" for place, each in enumerate(holds))
    engine.load_rows("row_rule", "place INTEGER, rule VARCHAR", [(i, rule.rule_id) for i, rule in enumerate(row_rules)])
    engine.con.execute(
        f"""CREATE OR REPLACE TABLE candidate_breach AS
        WITH broken AS (
          SELECT DISTINCT row_number, unnest([{failing}]) AS place FROM candidate_{source.relation}
          WHERE NOT ({" AND ".join(holds) or "true"})
        )
        SELECT row_number, min_by(rule, place) AS rule, string_agg(rule, ' ' ORDER BY place) AS rules
        FROM broken JOIN row_rule USING (place) GROUP BY row_number"""
    )


def _describe(engine: Engine, source: Source) -> None:
    """`candidate_row`: what a row of the file is known by, the digest of what it tells, and the rules that it breaks."""
    main = source.contract
    parts = [_key_text(main.name, name) for name in main.custom["rowKey"]]
    # A bar inside a part is doubled, or two keys of several parts could be one text.
    key = parts[0] if len(parts) == 1 else " || '|' || ".join(f"replace({part}, '|', '||')" for part in parts)
    told = {
        "row_key": ("max", key),
        "revised_at": ("max", "revised_at" if "revised_at" in main.column_names else "CAST(NULL AS TIMESTAMPTZ)"),
        "amount_wh": ("max", f"CAST({main.custom.get('accountedAmount', 'NULL')} AS BIGINT)"),
        "is_credit": ("bool_or", "is_credit" if "is_credit" in main.column_names else "false"),
    }
    lines = {relation: ("string_agg", _line(relation)) for relation in sorted(source.relations)}
    parts_of_content = ", ".join(f"l_{relation}.line" for relation in lines)
    joins = "\n".join(
        f"LEFT JOIN ({_of_each_row(engine, relation, {'line': line})}) AS l_{relation} USING (row_number)"
        for relation, line in lines.items()
    )
    engine.con.execute(
        f"""CREATE OR REPLACE TABLE candidate_row AS
        SELECT r.row_number, t.row_key,
          CASE WHEN coalesce({parts_of_content}) IS NULL THEN '' ELSE sha256(concat_ws(chr(10), {parts_of_content})) END
            AS content_digest,
          t.revised_at, t.amount_wh, coalesce(t.is_credit, false) AS is_credit,
          CASE WHEN t.row_number IS NULL THEN 'nothing_told' ELSE b.rule END AS rule,
          CASE WHEN t.row_number IS NULL THEN 'nothing_told' ELSE b.rules END AS rules
        FROM landed_row AS r
        LEFT JOIN ({_of_each_row(engine, main.name, told)}) AS t USING (row_number)
        {joins}
        LEFT JOIN candidate_breach AS b USING (row_number)"""
    )


def _of_each_row(engine: Engine, relation: str, told: dict[str, tuple[str, str]]) -> str:
    """SQL of columns for each row of the file, each as (aggregate, expression): it may tell several rows of a relation."""
    candidate = f"candidate_{relation}"
    if engine.scalar(f"SELECT count(*) - count(DISTINCT row_number) FROM {candidate}") == 0:
        columns = ", ".join(f"{expression} AS {name}" for name, (_, expression) in told.items())
        return f"SELECT row_number, {columns} FROM {candidate}"
    columns = ", ".join(
        f"string_agg({expression}, chr(10) ORDER BY {expression}) AS {name}"
        if aggregate == "string_agg"
        else f"{aggregate}({expression}) AS {name}"
        for name, (aggregate, expression) in told.items()
    )
    return f"SELECT row_number, {columns} FROM {candidate} GROUP BY row_number"


def _complete(engine: Engine, source: Source, relation: str) -> None:
    """Give a candidate the columns that its source does not tell, empty. Refuses where one of them is owed."""
    owed, name = contract(relation), f"candidate_{relation}"
    told = {row[0] for row in engine.con.execute(f"DESCRIBE {name}").fetchall()}
    kinds = {c.name: c.sql_type for c in owed.digest_columns} | owed.custom.get("lookedAt", {})
    missing = [c.name for c in owed.digest_columns if c.required and c.name not in told]
    if missing:
        raise Refused(f"{rooms.said(source.sql(relation))} does not give {', '.join(missing)}")
    for column, kind in kinds.items():
        if column not in told:
            engine.con.execute(f'ALTER TABLE {name} ADD COLUMN "{column}" {kind}')


def _key_text(relation: str, column: str) -> str:
    found = next(c for c in contract(relation).columns if c.name == column)
    is_instant = found.sql_type.startswith("TIMESTAMP")
    text = f"strftime({column}, '%Y-%m-%dT%H:%M:%SZ')" if is_instant else f"CAST({column} AS VARCHAR)"
    return text if found.required else f"coalesce({text}, '')"


def _line(relation: str) -> str:
    return f"concat('{relation}', chr(9), {canonical_line(contract(relation).digest_columns)})"
