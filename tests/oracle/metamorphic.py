"""What must hold between the results of a version on one set of sessions and on the same set changed in a known way.

No expected number is needed: a relation changes what is given and says which sessions break the rule between the two
results. Results are those of any reading of a version: amounts by session, None for a session that waits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from tests.oracle import annual, changed
from tests.oracle.changed import SCALE, new_id, parts
from tests.oracle.given import HOUR, Given, Interval, Results, Session, hour_of, utc

ANNUAL, HOURLY, GREEN = "1.x", "2.0.0", "3.0.0"
ALL = frozenset({ANNUAL, HOURLY, GREEN})
FLAT_UG_PER_KWH = ceil(Fraction("0.8273") * annual.UG_PER_KG / 3)


@dataclass(frozen=True)
class Relation:
    """A change, the versions of which the rule holds, and the sessions that break it: given and results, before and after."""

    name: str
    versions: frozenset[str]
    change: Callable[[Given], Given]
    broken: Callable[[Given, Given, Results, Results], list[str]]


def differing(before: Results, after: Results) -> list[str]:
    """Sessions of either side that the other does not tell, or tells otherwise."""
    return sorted(s for s in before.keys() | after.keys() if s not in before or s not in after or before[s] != after[s])


def same(before: Given, after: Given, old: Results, new: Results) -> list[str]:
    return differing(old, new)


def not_additive(before: Given, after: Given, old: Results, new: Results) -> list[str]:
    """ED and BE of the parts are those of the whole, or of one Wh less (DC at its AC input); PE the same, or 1 ng more."""
    found = []
    for session in before.sessions:
        whole, told = old[session.session_id], [new[part.session_id] for part in parts(session)]
        known = [each for each in told if each is not None]
        if whole is None or len(known) < len(told):
            if whole is not None or len(known) == len(told):
                found.append(session.session_id)
            continue
        is_split = len(told) - 1
        drops = is_split * (session.power_type == "DC" and session.metering_point != "dc_output")
        energy_wh = whole.energy_wh - sum(each.energy_wh for each in known)
        baseline_ng = whole.baseline_emissions_ng - sum(each.baseline_emissions_ng for each in known)
        project_ng = sum(each.project_emissions_ng for each in known) - whole.project_emissions_ng
        is_baseline = baseline_ng == energy_wh * annual.cn_baseline_ug_per_kwh()
        if not (0 <= energy_wh <= drops and is_baseline and 0 <= project_ng <= is_split):
            found.append(session.session_id)
    return found


def is_unrounded(session: Session) -> bool:
    """AC, and each interval of at most an hour inside one hour: no reading is divided, nothing is rounded."""
    inside = (hour_of(i.started_at) + HOUR >= utc(i.ended_at) for i in session.intervals if _is_short(i))
    return session.power_type == "AC" and all(inside)


def _is_short(interval: Interval) -> bool:
    return utc(interval.ended_at) - utc(interval.started_at) <= HOUR


def not_scaled(before: Given, after: Given, old: Results, new: Results) -> list[str]:
    """k times exactly where nothing is rounded; else ED k times or up to k - 1 Wh more, and PE never lower."""
    found = [session for session in old if (old[session] is None) is not (new[session] is None)]
    for session in before.sessions:
        small, big = old[session.session_id], new[session.session_id]
        if small is None or big is None:
            continue
        spare_wh = big.energy_wh - SCALE * small.energy_wh
        baseline_ng = big.energy_wh * annual.cn_baseline_ug_per_kwh()
        exact = big.project_emissions_ng == SCALE * small.project_emissions_ng and spare_wh == 0
        grown = big.project_emissions_ng >= small.project_emissions_ng and 0 <= spare_wh < SCALE
        if big.baseline_emissions_ng != baseline_ng or not (exact if is_unrounded(session) else grown):
            found.append(session.session_id)
    return found


def cleaner(before: Given, after: Given, old: Results, new: Results) -> list[str]:
    """Sessions whose PE fell, whose ED or BE moved, or that wait on one side only."""
    found = [session for session in old if (old[session] is None) is not (new[session] is None)]
    for session, was in old.items():
        now = new[session]
        if was is not None and now is not None:
            kept = (was.energy_wh, was.baseline_emissions_ng) == (now.energy_wh, now.baseline_emissions_ng)
            if not kept or now.project_emissions_ng < was.project_emissions_ng:
                found.append(session)
    return found


def gained(before: Given, after: Given, old: Results, new: Results) -> list[str]:
    """As `cleaner`, of the sessions known on both sides: what was a gap touches its hours now, so more may wait."""
    known = {session for session in old if old[session] is not None and new[session] is not None}
    freed = [session for session in old if old[session] is None and new[session] is not None]
    return freed + cleaner(before, after, {s: old[s] for s in known}, {s: new[s] for s in known})


def misnamed(before: Given, after: Given, old: Results, new: Results) -> list[str]:
    return differing({new_id(session): result for session, result in old.items()}, new)


def not_flat(before: Given, after: Given, old: Results, new: Results) -> list[str]:
    baseline = annual.cn_baseline_ug_per_kwh()
    told = {
        s.session_id: annual.amounts([(s.reading_wh, FLAT_UG_PER_KWH)], s.power_type, s.metering_point, baseline)
        for s in before.sessions
    }
    return differing(told, new)


def disturbed(before: Given, after: Given, old: Results, new: Results) -> list[str]:
    added = {s.session_id for s in after.sessions} - {s.session_id for s in before.sessions}
    return differing(old, {s: result for s, result in new.items() if s not in added}) + sorted(added - new.keys())


RELATIONS = [
    Relation("a session cut at an hour edge", ALL, changed.split_sessions, not_additive),
    Relation("energy times an integer", frozenset({ANNUAL, HOURLY}), changed.scaled, not_scaled),
    Relation("a dirtier hour", ALL, changed.dirtier, cleaner),
    Relation("no metered intervals any more", frozenset({ANNUAL, HOURLY}), changed.totals_only, gained),
    Relation("other ids", ALL, changed.renamed, misnamed),
    Relation("everything whole days later", ALL, changed.shifted, same),
    Relation("a constant mix", frozenset({HOURLY}), changed.flat, not_flat),
    Relation("sessions of a stranger", ALL, changed.with_stranger, disturbed),
    Relation("the same instants on other clocks", ALL, changed.told_elsewhere, same),
    Relation("another order", ALL, changed.shuffled, same),
]
