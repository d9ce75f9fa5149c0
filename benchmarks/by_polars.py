"""The same calculation as a straightforward Polars script, eager as one would write it first."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

import polars as pl


def main(files: list[str], out: str, factor: int, baseline: dict[str, int], efficiency: dict[str, int]) -> int:
    """Read the files, write user_points, session_assessment and session_status as Parquet; returns the points of all."""
    c = pl.col
    rows = pl.read_parquet(files).with_columns(
        session_id=c("operator").str.to_uppercase() + ":" + c("order_number"),
        user_id=c("account").map_elements(lambda account: sha256(account.encode()).hexdigest(), return_dtype=pl.String),
        reading_wh=(c("energy_kwh").cast(pl.Float64) * 1000 + 1e-6).floor().cast(pl.Int64),
        rated_w=(c("rated_kw").cast(pl.Float64) * 1000 + 1e-6).floor().cast(pl.Int64),
        started=c("started_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%z", time_zone="UTC"),
        ended=c("ended_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%z", time_zone="UTC"),
    )
    rows = rows.with_columns(
        start_s=c("started").dt.epoch("s"),
        end_s=c("ended").dt.epoch("s"),
        vintage=c("ended").dt.convert_time_zone("Asia/Shanghai").dt.date(),
    )
    hours = rows.select(
        "session_id", "region", "reading_wh", "start_s", "end_s",
        hour=pl.int_ranges(c("start_s") // 3600, (c("end_s") - 1) // 3600 + 1),
    ).explode("hour")  # fmt: skip
    upto = pl.min_horizontal(c("end_s"), (c("hour") + 1) * 3600) - c("start_s")
    since = pl.max_horizontal(c("start_s"), c("hour") * 3600) - c("start_s")
    length = c("end_s") - c("start_s")
    hours = hours.with_columns(wh=c("reading_wh") * upto // length - c("reading_wh") * since // length)
    intensity = hours.select("region", "hour").unique().with_columns(ug_per_kwh=pl.lit(factor, pl.Int64))
    drawn = (
        hours.join(intensity, on=["region", "hour"]).group_by("session_id").agg(ng=(c("wh") * c("ug_per_kwh")).sum())
    )
    share = c("power_type").replace_strict(efficiency, return_dtype=pl.Int64)
    by_dc = c("metering_point") == "dc_output"
    rows = rows.join(drawn, on="session_id").with_columns(
        energy_wh=pl.when(by_dc).then(c("reading_wh")).otherwise(c("reading_wh") * share // 1000),
        project_emissions_ng=pl.when(by_dc).then((c("ng") * 1000 + share - 1) // share).otherwise(c("ng")),
    )
    base = c("power_type").replace_strict(baseline, return_dtype=pl.Int64)
    rows = rows.with_columns(baseline_emissions_ng=c("energy_wh") * base)
    rows = rows.with_columns(emission_reductions_ng=c("baseline_emissions_ng") - c("project_emissions_ng"))
    too_strong = (c("reading_wh") * 3_600_000 > c("rated_w") * 1050 * length).fill_null(value=False)
    awarded = (
        c("energy_wh").is_between(500, 200_000) & (length <= 172_800) & (c("emission_reductions_ng") > 0) & ~too_strong
    )
    rows = rows.with_columns(points=pl.when(awarded).then(c("emission_reductions_ng") // 1_000_000_000).otherwise(0))
    rows = rows.with_columns(
        state=pl.when(c("points") > 0).then(pl.lit("provisional")).otherwise(pl.lit("not awarded"))
    )
    users = rows.group_by("user_id").agg(c("points").sum(), c("emission_reductions_ng").sum(), entries=pl.len())
    folder = Path(out)
    users.sort("user_id").write_parquet(folder / "user_points.parquet")
    rows = rows.sort("session_id")
    emissions = ["baseline_emissions_ng", "project_emissions_ng", "emission_reductions_ng"]
    rows.select("session_id", "user_id", "vintage", "region", "energy_wh", *emissions, "points").write_parquet(
        folder / "session_assessment.parquet"
    )
    rows.select("session_id", "vintage", "user_id", "state").write_parquet(folder / "session_status.parquet")
    return int(users["points"].sum())


if __name__ == "__main__":
    sys.exit("run by benchmarks.nation_day")
