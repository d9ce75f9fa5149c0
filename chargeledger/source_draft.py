"""A first source definition from a file: what its columns seem to be, each guess a question. No value is repeated."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from chargeledger import rooms
from chargeledger.errors import UsageError
from chargeledger.source_sample import ISO, PERSONAL, Sample, Seen, look, roles_of

TIMES = {"start": "started_at", "end": "ended_at"}


@dataclass(frozen=True)
class Draft:
    """The texts of a draft by path, and what its author asks."""

    name: str
    files: dict[Path, str]
    questions: list[str]


def draft(path: Path, name: str | None, out: Path | None) -> Draft:
    """Write a definition and its SQL below `out`, by default into the project. Raises UsageError before a file is overwritten."""
    if name and not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UsageError(f"'{name}' cannot name a source: small letters, digits and _; say it with --name")
    sample = look(path)
    name = name or _name_of(path, sample.reader["format"])
    roles = roles_of(sample)
    root = out or rooms.ROOT
    folder = root / "transforms" / "sources" / name
    files = {
        root / "data_contracts" / "sources" / f"{name}.yaml": _definition(name, sample, roles),
        folder / "charging_session.sql": _session_sql(name, roles),
    }
    if "owner" in roles:
        files[folder / "session_owner.sql"] = _owner_sql(name, roles)
    if there := [str(file) for file in files if file.exists()]:
        raise UsageError(f"{', '.join(there)}: already there, and nothing is overwritten. Say another --name or --out")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "x", encoding="utf-8") as new:
            new.write(text)
    asked = [
        line.partition("# ? ")[2] or line.partition("-- ? ")[2] for text in files.values() for line in text.splitlines()
    ]
    return Draft(name, files, list(dict.fromkeys(question for question in asked if question)))


def _name_of(path: Path, kind: str) -> str:
    words = "_".join(re.findall(r"[a-z0-9]+", path.stem.lower())).lstrip("0123456789_") or "source"
    return f"{words}_{kind}"


def _definition(name: str, sample: Sample, roles: dict[str, Seen]) -> str:
    personal = {seen.name: role.partition(" ")[0] for role, seen in roles.items() if role.startswith(PERSONAL)}
    columns = "\n".join(_column(seen, sample, seen.name in personal) for seen in sample.columns)
    identity = {column: {"card": "token", "owner": "account"}.get(role, "person") for column, role in personal.items()}
    relations = ["charging_session", *(["session_owner"] if "owner" in roles else [])]
    has_offset = all(ISO in roles[role].formats for role in ("start", "end") if role in roles)
    is_dated = "start" in roles or "end" in roles
    zone = "every instant carries its offset" if has_offset and is_dated else "?"
    units = {roles["energy"].name: "kWh"} if "energy" in roles else {}
    asks = {
        "zone": "zone of the times: not in the file, like Asia/Shanghai" if zone == "?" else "is that so?",
        "reader": f"  # ? is each element of {sample.reader['records']} one charge?"
        if "records" in sample.reader
        else "",
        "identity": "columns of a person become pseudonyms: are these all, and their namespaces those of other sources?",
    }
    return f"""apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
description:
  purpose: ""  # ? who sends this, and what
schema:
  - name: {name}
    physicalType: file
    description: one row per charge  # ? is a row one charge
    properties:
      # ? what each column says; what nothing needs may go. Beside it: the shape of most values, and the rows that tell one
{columns}
customProperties:
  - {{property: reader, value: {_flow(sample.reader)}}}{asks["reader"]}
  - {{property: relations, value: [{", ".join(relations)}]}}
  - {{property: issuer, value: "?"}}  # ? who numbers the orders
  - {{property: zone, value: {json.dumps(zone)}}}  # ? {asks["zone"]}
  - {{property: units, value: {_flow(units)}}}  # ? unit of the energy: {_unit(roles.get("energy"))}
  - {{property: identity, value: {_flow(identity)}}}  # ? {asks["identity"]}
  # ? region of data_contracts/reference/region.csv; power_type AC or DC; metering_point ac_input, dc_output or unknown
  - {{property: constants, value: {{region: "?", power_type: "?", metering_point: "?"}}}}
"""


def _flow(told: dict[str, str]) -> str:
    return json.dumps(told, ensure_ascii=False)


def _column(seen: Seen, sample: Sample, is_personal: bool) -> str:
    beside = [seen.shape or "empty", f"{seen.told:,} of {sample.rows:,}"]
    beside += ["binary fractions, which the reader refuses: ask for decimals or text"] if seen.is_binary else []
    # A key may be absent from an object that has nothing to say there; a column of a table is there or is not.
    required = "false" if sample.reader["format"] == "json" and seen.told < sample.rows else "true"
    personal = ", classification: personal" if is_personal else ""
    return (
        f"      - {{name: {json.dumps(seen.name, ensure_ascii=False)}, logicalType: string, physicalType: text, "
        f'required: {required}, description: ""{personal}}}  # {"; ".join(beside)}'
    )


def _unit(energy: Seen | None) -> str:
    if energy is None:
        return "no column seems to tell energy"
    return f"kWh? The largest figure has {energy.digits} digits before the point" if energy.digits > 3 else "kWh?"


def _session_sql(name: str, roles: dict[str, Seen]) -> str:
    parts = [
        ("r.row_number", "row_number", ""),
        (_key(roles), "session_id", _asked(roles, "order", "is this the order number? No two rows share a value")),
        ("upper(c.issuer)", "issuer", ""),
        ("c.region", "region", ""),
        *[(f"upper(told({_of(roles[r])}))", f"{r}_id", f"the {r}?") for r in ("station", "connector") if r in roles],
        ("c.power_type", "power_type", ""),
        ("c.metering_point", "metering_point", ""),
        *[(_time(roles.get(role)), column, _time_asked(roles, role)) for role, column in TIMES.items()],
        (
            _energy(roles.get("energy")),
            "reading_wh",
            _asked(roles, "energy", "energy of the charge by the meter, in kWh?"),
        ),
        *([(_of(roles["card"]), "token_id", "the card that started the charge?")] if "card" in roles else []),
    ]
    lines = []
    for place, (told, column, question) in enumerate(parts):
        told = told if column == "row_number" else f"{told} AS {column}"
        comma = "," if place < len(parts) - 1 else ""
        lines.append(f"  {told}{comma}" + (f"  -- ? {question}" if question else ""))
    return (
        f"-- Sessions of {name}, one row per row of the file: a draft; answer its questions and remove them.\nSELECT\n"
        + "\n".join(lines)
        + "\nFROM landed_row AS r\nCROSS JOIN source_constant AS c\n"
    )


def _owner_sql(name: str, roles: dict[str, Seen]) -> str:
    owner = _of(roles["owner"])
    return f"""-- Owners that {name} states, one row per row with an owner; the identity is already a pseudonym here.
SELECT
  r.row_number,
  {_key(roles)} AS session_id,
  {owner} AS user_id  -- ? does this account own what the charge earns?
FROM landed_row AS r
CROSS JOIN source_constant AS c
WHERE {owner} IS NOT NULL
"""


def _of(seen: Seen) -> str:
    return f'r."{seen.name}"'


def _key(roles: dict[str, Seen]) -> str:
    return (
        f"upper(c.issuer) || ':' || upper(told({_of(roles['order'])}))" if "order" in roles else "CAST(NULL AS VARCHAR)"
    )


def _asked(roles: dict[str, Seen], role: str, question: str) -> str:
    return (
        question
        if role in roles
        else f"no column seems to be the {'order number' if role == 'order' else role}: which is it?"
    )


def _time(seen: Seen | None) -> str:
    if seen is None:
        return "CAST(NULL AS TIMESTAMPTZ)"
    if ISO in seen.formats:
        return f"iso_text_to_instant({_of(seen)})"
    return f"local_text_to_instant({_of(seen)}, '{seen.formats[0]}', c.zone)"


def _time_asked(roles: dict[str, Seen], role: str) -> str:
    if role not in roles:
        return f"no column seems to be the {role} of charging: which is it?"
    formats = roles[role].formats
    others = f"; day and month cannot be told apart, it may be {' or '.join(formats[1:])}" if len(formats) > 1 else ""
    return f"{role} of charging, not of parking?" + (
        "" if ISO in formats else f" Zone of the times: not in the file; confirm{others}"
    )


def _energy(seen: Seen | None) -> str:
    if seen is None:
        return "CAST(NULL AS BIGINT)"
    return (
        f"kwh_text_to_wh({_of(seen)})" if seen.figure == "point" else f"kwh_text_to_wh(replace({_of(seen)}, ',', '.'))"
    )
