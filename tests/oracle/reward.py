"""Expected awards under the reward rules of a programme.

Order of the rules: energy, duration, power, late; the first that fails is the reason, and the whole signed
reduction is then not awarded. Of an eligible session, a negative reduction is clamped, the part below a gram
is rounding; the kWh cap comes before the points cap, and what they take is capped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

NG_PER_G = 10**9
SECONDS_PER_DAY = 86_400
SECONDS_PER_HOUR = 3_600


@dataclass(frozen=True)
class Rules:
    """Bounds are inclusive, None means no rule; energy in Wh, times in s, power in per mille of the rated."""

    min_energy_wh: int | None = 500
    max_energy_wh: int | None = 200_000
    max_charging_s: int | None = 172_800
    max_power_per_mille: int | None = 1_050
    claim_window_s: int | None = 30 * SECONDS_PER_DAY
    kwh_cap: int | str | None = None
    points_cap: int | None = None


DEFAULT_RULES = Rules()
NO_RULES = Rules(None, None, None, None, None)


def _above(value: int | Fraction, bound: int | None) -> bool:
    return bound is not None and value > bound


def refusal(session: Mapping[str, Any], rules: Rules) -> str | None:
    """Why a session is not eligible, or None. The mean power is the reading over the charging window."""
    if rules.min_energy_wh is not None and session["energy_wh"] < rules.min_energy_wh:
        return "energy"
    if _above(session["energy_wh"], rules.max_energy_wh):
        return "energy"
    if _above(session["charging_seconds"], rules.max_charging_s):
        return "duration"
    if session["rated_w"] is not None:
        mean_w = Fraction(session["reading_wh"] * SECONDS_PER_HOUR, session["charging_seconds"])
        if _above(mean_w * 1000 / session["rated_w"], rules.max_power_per_mille):
            return "power"
    if _above(Fraction(session["landed_days_after_end"]) * SECONDS_PER_DAY, rules.claim_window_s):
        return "late"
    return None


class _Purse:
    """What the caps leave to one account in one vintage, while its sessions pass in order."""

    def __init__(self, rules: Rules) -> None:
        self.cap_wh = None if rules.kwh_cap is None else Fraction(str(rules.kwh_cap)) * 1000
        self.energy_wh = 0
        self.points_left = rules.points_cap

    def cut(self, points: int, energy_wh: int) -> int:
        """Points that the caps leave of `points`; refused sessions still use up energy, not points."""
        self.energy_wh += energy_wh
        if self.cap_wh is not None and self.energy_wh > self.cap_wh:
            return 0
        if self.points_left is None:
            return points
        kept = min(points, self.points_left)
        self.points_left -= kept
        return kept


def _award(session: Mapping[str, Any], rules: Rules, purse: _Purse) -> dict[str, Any]:
    reductions_ng = session["emission_reductions_ng"]
    award = {"points": 0, "not_awarded_ng": 0, "clamped_ng": 0, "rounding_ng": 0, "capped_ng": 0}
    reason = refusal(session, rules)
    if reason is not None:
        return award | {"not_awarded_ng": reductions_ng, "reason": reason}
    whole_points, rounding_ng = divmod(max(0, reductions_ng), NG_PER_G)
    points = purse.cut(whole_points, session["energy_wh"])
    return award | {
        "points": points,
        "clamped_ng": min(0, reductions_ng),
        "rounding_ng": rounding_ng,
        "capped_ng": (whole_points - points) * NG_PER_G,
    }


def _turn(session: Mapping[str, Any]) -> tuple[bool, datetime, bytes]:
    """Place in the queue for the caps: final awards first, then by end instant and lineage in byte order."""
    ended_at = datetime.fromisoformat(session["ended_at"])
    return not session.get("is_final", False), ended_at, session["lineage"].encode()


def expected(sessions: Iterable[Mapping[str, Any]], rules: Rules = DEFAULT_RULES) -> dict[str, dict[str, Any]]:
    """Award of each lineage: points (g), the four other parts of its reductions (ng), maybe a reason.

    Keys of a session: lineage, ended_at, energy_wh, charging_seconds, rated_w, reading_wh,
    landed_days_after_end, emission_reductions_ng; optional is_final, account and vintage. Caps are per
    account and vintage; without these keys all sessions are of one.
    """
    purses: dict[tuple[object, object], _Purse] = {}
    awards = {}
    for session in sorted(sessions, key=_turn):
        purse = purses.setdefault((session.get("account"), session.get("vintage")), _Purse(rules))
        awards[session["lineage"]] = _award(session, rules, purse)
    return awards
