"""What a file shows of its columns: shapes, counts and what can be read as a time or a figure. No value leaves this module."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from chargeledger.engine import Engine, quoted
from chargeledger.errors import Refused, UsageError
from chargeledger.source_open import named, opened

ISO = "ISO 8601 with its offset"
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")
_CLOCKS = (" %H:%M:%S", " %H:%M", "T%H:%M:%S", " %I:%M:%S %p", " %I:%M %p")
FORMATS = (*(day + clock for day in _DAYS for clock in _CLOCKS), "%Y%m%d%H%M%S")
_SHAPE = (
    "left(regexp_replace(regexp_replace(regexp_replace({c}, '\\p{{Lu}}', 'A', 'g'), '[\\p{{Ll}}\\p{{Lo}}\\p{{Lt}}\\p{{Lm}}]', "
    "'a', 'g'), '\\p{{N}}', '9', 'g'), 40)"
)
_PERSONAL = (
    r".*[^\s@]+@[^\s@]+\.[^\s@]+.*|\+[0-9][0-9 ()-]{8,}|1[3-9][0-9]{9}"  # mail address, telephone, Chinese mobile
)

# Words of column names, in the order in which a column is asked; a time or a figure must be one by its values too.
ROLES = {
    "person": r"e ?mail|phone|mobile|contact|plate|licen[cs]e|vin|iban|holder|surname|(first|last|full) name|^name$"
    r"|手机|电话|姓名|车牌",
    "owner": r"user|account|driver|customer|client|member|owner|用户|账号",
    "card": r"card|token|rfid|tag|emaid|卡号",
    "start": r"start\w*|begin\w*|in|from|arriv\w*|connect(ed|ion)?|开始.*",
    "end": r"end\w*|stop\w*|finish\w*|out|until|to|depart\w*|disconnect\w*|complet\w*|结束.*",
    "energy": r"k?wh|energy\w*|consum\w*|deliver\w*|电量|度数",
    "connector": r"connector|gun|plug|socket|outlet|port|.*枪.*",
    "order": r"order\w*|session\w*|transaction\w*|ticket\w*|charge|record|id|number|no|ref\w*|订单.*|流水.*",
    "station": r"station\w*|post|pole|evse|charger|pile|location|site|.*[站桩].*",
}
PERSONAL = ("person", "owner", "card")


@dataclass(frozen=True)
class Seen:
    """One column. `formats` read most of its values as times, where nearly all can be read; `figure` is point, comma or none."""

    name: str
    told: int
    distinct: int
    shape: str
    formats: tuple[str, ...]
    figure: str | None
    digits: int
    is_personal: bool
    is_binary: bool = False


@dataclass(frozen=True)
class Sample:
    """The columns of a file, in order, and how it is read."""

    reader: dict[str, str]
    rows: int
    columns: tuple[Seen, ...]


def look(path: Path) -> Sample:
    """Look at the first rows of a CSV, Parquet or JSON file. Raises Refused where it is none, or has no names or rows."""
    if not path.is_file():
        raise UsageError(f"{path}: {'is a folder' if path.is_dir() else 'there is no such file'}")
    if path.stat().st_size == 0:
        raise Refused(f"{path.name}: the file is empty; there is nothing to draft from")
    with Engine() as engine:
        engine.load_words("ingest")
        reader, names, binary = opened(engine, path)
        rows = engine.count("SELECT 1 FROM seen")
        if rows == 0:
            raise Refused(f"{path.name}: there is no row below the header; draft from a file with rows")
        return Sample(reader, rows, tuple(_seen(engine, name, name in binary) for name in names))


def _seen(engine: Engine, name: str, is_binary: bool) -> Seen:
    told = f"(SELECT told({named(name)}) AS v FROM seen WHERE told({named(name)}) IS NOT NULL)"
    times = ", ".join(f"count(try_strptime(v, {quoted(each)}))" for each in FORMATS)
    figures = "count(kwh_text_to_wh(v)), count(kwh_text_to_wh(replace(v, ',', '.')))"
    persons = f"count(*) FILTER (WHERE regexp_full_match(v, {quoted(_PERSONAL)}))"
    sql = f"""SELECT count(*), count(DISTINCT v), mode({_SHAPE.format(c="v")}), max(length(regexp_extract(v, '^[0-9]+'))),
      {persons}, {figures}, count(iso_text_to_instant(v)), {times} FROM {told}"""
    (row,) = engine.con.execute(sql).fetchall()
    rows, distinct, shape, digits, personal, point, comma, *read = row
    best = max(read) if rows and max(read) * 10 >= rows * 9 else None
    fitting = [form for form, count in zip((ISO, *FORMATS), read, strict=True) if count == best]
    figure = next(
        (kind for kind, count in (("point", point), ("comma", comma)) if rows and count * 10 >= rows * 9), None
    )
    return Seen(name, rows, distinct, shape or "", tuple(fitting), figure, digits or 0, personal * 2 > rows, is_binary)


def roles_of(sample: Sample) -> dict[str, Seen]:
    """Which column seems to be what, at most one for each role; further personal columns are `person 2` and so on."""
    found: dict[str, Seen] = {}
    for seen in sample.columns:
        if role := _role(seen, sample.rows):
            taken = sum(name.partition(" ")[0] == role for name in found)
            if not taken or role in PERSONAL:
                found[role if not taken else f"{role} {taken + 1}"] = seen
    used = {seen.name for seen in found.values()}
    times = [seen for seen in sample.columns if seen.formats and seen.name not in used]
    missing = [role for role in ("start", "end") if role not in found]
    return found | dict(zip(missing, times, strict=False))


def _role(seen: Seen, rows: int) -> str | None:
    words = _words(seen.name)
    for role, pattern in ROLES.items():
        if not re.search(rf"(^|\W)({pattern})($|\W)", words):
            continue
        fits = {"start": seen.formats, "end": seen.formats, "energy": seen.figure and not seen.formats}
        is_told_once = seen.told == seen.distinct == rows
        if fits.get(role, True) and (role != "order" or is_told_once):
            return "person" if seen.is_personal and role not in ("owner", "order") else role
    return "person" if seen.is_personal else None


def _words(name: str) -> str:
    """A column's name as words in small letters: `ChargingStartDateTime` and `charging_start_date_time` are the same."""
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)).lower().strip()
