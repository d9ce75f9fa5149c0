"""`chargeledger explain`: each number of a session, from the row received to the entry posted, equal to the sum made by hand."""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import cache
from pathlib import Path

import pytest

from tests.command_line_lake import KEY, SESSIONS, chargeledger, make


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", KEY)
        return make(tmp_path_factory.mktemp("explain"))


@cache
def explained(lake: str, session_id: str) -> list[str]:
    told = chargeledger("explain", session_id, "--lake", lake)
    assert told.code == 0, told.err
    return [re.sub(r"\s+", " ", line).strip() for line in told.out.splitlines()]


def pseudonym(account: str) -> str:
    return hmac.digest(bytes.fromhex(KEY), b"account\0" + account.encode(), hashlib.sha256).hex()


def test_an_ac_session_under_the_annual_factor(made: str) -> None:
    said = explained(made, "paper:1")
    # From 18:00 to 22:00 in Shanghai are four UTC hours of 7,500 Wh; 7,500 x 530,600,000 = 3,979,500,000,000.
    for hour in range(10, 14):
        start = f"2026-03-09T{hour}:00:00Z"
        assert f"{start} 7,500 Wh x 530,600,000 ug/kWh = 3,979,500,000,000 ng (national average of 2023)" in said
    assert "vintage 2026-03-09: it ended 2026-03-09 22:00:00 CST in Asia/Shanghai" in said
    assert "BE = 30,000 x 912,631,200 = 27,378,936,000,000 ng" in said
    assert "PE = 15,918,000,000,000 = 15,918,000,000,000 ng" in said
    assert "ER = BE - PE = 11,460,936,000,000 ng of estimated CO2 avoided" in said
    assert "points = 11,460" in said
    assert "ER = 11,460 x 10^9 + not awarded 0, clamped 0, rounding 936,000,000, capped 0 ng" in said
    assert any(line.startswith("charger_efficiency = 1,000 per mille") for line in said)


def test_a_dc_session_metered_at_its_output(made: str) -> None:
    """30.0009 kWh are 30,000 whole Wh; 15,918,000,000,000 x 1000 / 923 = 17,245,937,161,430.1, rounded up."""
    said = explained(made, "PAPER:2")
    assert "ED = 30,000 Wh = 30,000 Wh" in said
    assert "PE = ceil(15,918,000,000,000 x 1000 / 923) = 17,245,937,161,431 ng" in said
    assert "ER = BE - PE = 10,132,998,838,569 ng of estimated CO2 avoided" in said
    assert "ER = 10,132 x 10^9 + not awarded 0, clamped 0, rounding 998,838,569, capped 0 ng" in said
    (entry,) = [line for line in said if line.startswith("seq ")]
    assert "issuance +10,132 points (first assessment), vintage 2026-03-10, total then 10,132, receipt " in entry


def test_a_session_that_the_programme_does_not_award(made: str) -> None:
    """541 Wh at an unknown point: floor(541 x 0.923) = 499 delivered, one below the bound; 541 drawn."""
    said = explained(made, "PAPER:3")
    assert "ED = floor(541 x 923 / 1000) Wh = 499 Wh" in said
    assert "BE = 499 x 912,631,200 = 455,402,968,800 ng" in said and 499 * 912_631_200 == 455_402_968_800
    assert "PE = 287,054,600,000 = 287,054,600,000 ng" in said and 541 * 530_600_000 == 287_054_600_000
    assert "ER = BE - PE = 168,348,368,800 ng of estimated CO2 avoided" in said
    assert "ER = 0 x 10^9 + not awarded 168,348,368,800, clamped 0, rounding 0, capped 0 ng" in said
    assert any("not awarded" in line and "energy" in line and "500" in line for line in said)


def test_a_session_under_the_hourly_mix(made: str) -> None:
    """The three hours worked out in METHODOLOGY.md of us_ev_charging 1.0.0."""
    said = explained(made, "PAPER:4")
    assert (
        "2026-03-09T20:00:00Z 6,000 Wh x 107,816,191 ug/kWh = 646,897,146,000 ng (generation mix of the hour)" in said
    )
    assert (
        "2026-03-09T21:00:00Z 18,000 Wh x 118,387,620 ug/kWh = 2,130,977,160,000 ng (generation mix of the hour)"
        in said
    )
    assert (
        "2026-03-09T22:00:00Z 3,001 Wh x 127,565,877 ug/kWh = 382,825,196,877 ng (generation mix of the hour)" in said
    )
    (mix,) = [line for line in said if line.startswith("2026-03-09T22:00:00Z (")]
    assert "coal 10 x 760 + gas 7000 x 370" in mix and "unknown 100 x 575" in mix and mix.endswith("/ 21100")
    assert "BE = 27,001 x 948,574,335 = 25,612,455,619,335 ng" in said
    assert "PE = ceil(3,160,699,502,877 x 1000 / 923) = 3,424,376,492,825 ng" in said
    assert "ER = BE - PE = 22,188,079,126,510 ng of estimated CO2 avoided" in said and "points = 22,188" in said
    assert any(line.startswith("coal: [H] Electricity Maps") for line in said)
    assert "vintage 2026-03-09: it ended 2026-03-09 15:10:00 PDT in America/Los_Angeles" in said


def test_a_session_that_waits_says_for_which_hour(made: str) -> None:
    said = explained(made, "PAPER:5")
    # 22:40 to 23:10: 1,200 of 1,800 s, floor(5,000 x 1,200 / 1,800) = 3,333 Wh; the hour of 23:00 is not told.
    assert "2026-03-09T23:00:00Z 1,667 Wh its factor is missing: the session waits for this hour" in said
    assert any(line.startswith("2026-03-09T22:00:00Z 3,333 Wh x 127,565,877 ug/kWh") for line in said)
    assert not any(line.startswith(("BE =", "points =", "seq ")) for line in said)
    assert "no entry: awaiting grid" in said


def test_every_number_carries_its_source_and_every_equation_its_formula(made: str) -> None:
    for session_id, equations in (("PAPER:1", 9), ("PAPER:4", 9)):
        said = explained(made, session_id)
        assert [line.split()[0] for line in said if re.match(r"E\d ", line)] == [
            f"E{n}" for n in range(1, equations + 1)
        ]
        assert any("baseline_intensity = " in line and "floor(10**9 *" in line for line in said)
    inputs = [line for line in explained(made, "PAPER:1") if re.match(r"gasoline_|fuel_|electricity_", line)]
    assert len(inputs) == 4 and all(re.search(r"\[[HMP]\] .{20}", line) for line in inputs)
    assert any(line.startswith("factor 530600000 ug/kWh [H] Ministry") for line in explained(made, "PAPER:1"))
    assert any(
        line.startswith("Provisional: The Chinese baseline is provisional") for line in explained(made, "PAPER:1")
    )


def test_the_row_the_owner_and_the_digests_are_told_and_no_account(made: str) -> None:
    said = explained(made, "PAPER:1")
    content = Path(made).parent.joinpath("sessions.csv").read_bytes()
    assert content.decode().splitlines()[1] == SESSIONS[0]
    digest = hashlib.sha256(content).hexdigest()[:16]
    assert f"sessions.csv row 1 (source session_csv, SHA-256 {digest}), landed 2026-03-13T16:00:00Z: accepted" in said
    assert f"region CN-GRID-EAST, programme cn_green_energy, owner {pseudonym('driver-1')}" in said
    assert not any("driver" in line for line in said), "the account itself is nowhere"
    receipt = next(line.rpartition(" ")[2] for line in said if line.startswith("As accounted at 2026-03-13T16:00:00Z"))
    kept = Path(made, "receipts", f"{receipt}.json").read_bytes()
    assert hashlib.sha256(kept).hexdigest() == receipt
