"""The same calculation as a straightforward pandas script: what somebody would write who needs the points of one day."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd


def main(files: list[str], out: str, factor: int, baseline: dict[str, int], efficiency: dict[str, int]) -> int:
    """Read the files, write user_points, session_assessment and session_status as Parquet; returns the points of all."""
    rows = pd.concat([pd.read_parquet(each) for each in files], ignore_index=True)
    rows["session_id"] = rows["operator"].str.upper() + ":" + rows["order_number"]
    rows["user_id"] = [hashlib.sha256(account.encode()).hexdigest() for account in rows["account"]]
    rows["reading_wh"] = _thousandths(rows["energy_kwh"])
    rows["rated_w"] = _thousandths(rows["rated_kw"])
    started, ended = (pd.to_datetime(rows[name], utc=True, format="ISO8601") for name in ("started_at", "ended_at"))
    rows["start_s"], rows["end_s"] = (
        (each - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1) for each in (started, ended)
    )
    rows["vintage"] = ended.dt.tz_convert("Asia/Shanghai").dt.date
    first, last = rows["start_s"] // 3600, (rows["end_s"] - 1) // 3600
    hours = (
        rows[["session_id", "region", "reading_wh", "start_s", "end_s"]].loc[rows.index.repeat(last - first + 1)].copy()
    )
    hours["hour"] = first.loc[hours.index] + hours.groupby(level=0).cumcount()
    length = hours["end_s"] - hours["start_s"]
    upto = np.minimum(hours["end_s"], (hours["hour"] + 1) * 3600) - hours["start_s"]
    since = np.maximum(hours["start_s"], hours["hour"] * 3600) - hours["start_s"]
    hours["wh"] = hours["reading_wh"] * upto // length - hours["reading_wh"] * since // length
    intensity = hours[["region", "hour"]].drop_duplicates().assign(ug_per_kwh=factor)
    hours = hours.merge(intensity, on=["region", "hour"])
    hours["ng"] = hours["wh"] * hours["ug_per_kwh"]
    rows = rows.merge(hours.groupby("session_id", as_index=False)["ng"].sum(), on="session_id")
    by_dc, share = rows["metering_point"] == "dc_output", rows["power_type"].map(efficiency)
    rows["energy_wh"] = np.where(by_dc, rows["reading_wh"], rows["reading_wh"] * share // 1000)
    rows["project_emissions_ng"] = np.where(by_dc, -(-rows["ng"] * 1000 // share), rows["ng"])
    rows["baseline_emissions_ng"] = rows["energy_wh"] * rows["power_type"].map(baseline)
    rows["emission_reductions_ng"] = rows["baseline_emissions_ng"] - rows["project_emissions_ng"]
    span = rows["end_s"] - rows["start_s"]
    awarded = rows["energy_wh"].between(500, 200_000) & (span <= 172_800) & (rows["emission_reductions_ng"] > 0)
    awarded &= ~(rows["reading_wh"] * 3_600_000 > rows["rated_w"] * 1050 * span).fillna(False)
    rows["points"] = np.where(awarded, rows["emission_reductions_ng"] // 1_000_000_000, 0)
    rows["state"] = np.where(rows["points"] > 0, "provisional", "not awarded")
    users = rows.groupby("user_id", as_index=False).agg(
        points=("points", "sum"), emission_reductions_ng=("emission_reductions_ng", "sum"), entries=("points", "size")
    )
    folder = Path(out)
    users.sort_values("user_id").to_parquet(folder / "user_points.parquet")
    rows = rows.sort_values("session_id")
    emissions = ["baseline_emissions_ng", "project_emissions_ng", "emission_reductions_ng"]
    rows[["session_id", "user_id", "vintage", "region", "energy_wh", *emissions, "points"]].to_parquet(
        folder / "session_assessment.parquet"
    )
    rows[["session_id", "vintage", "user_id", "state"]].to_parquet(folder / "session_status.parquet")
    return int(users["points"].sum())


def _thousandths(text: pd.Series[str]) -> pd.Series[int]:
    return (pd.to_numeric(text) * 1000 + 1e-6).floordiv(1).astype("Int64" if text.isna().any() else "int64")


if __name__ == "__main__":
    sys.exit("run by benchmarks.nation_day")
