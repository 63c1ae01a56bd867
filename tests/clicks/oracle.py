#!/usr/bin/env python3
"""Reads the raw log of a day of clicks and what was asked for, judges every click with DuckDB, and prints each report.

`oracle.py FOLDER` expects `raw.jsonl`, `sent.jsonl`, `campaigns.jsonl`, `ads.jsonl`, `rules.jsonl` and `patterns.txt` in
the folder. For each line `{"grain": …, "group_by": […]}` on standard input it prints one line with the rows.
"""

import json
import re
import sys
from pathlib import Path

import duckdb

FOLDER = Path(sys.argv[1])
MILLIS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}


def load(db):
    for name in ("raw", "sent", "campaigns", "ads", "rules"):
        columns = COLUMNS[name]
        spec = ", ".join(f"'{column}': '{kind}'" for column, kind in columns.items())
        db.execute(
            f"CREATE TABLE {name} AS SELECT * FROM "
            f"read_json('{FOLDER / (name + '.jsonl')}', format='newline_delimited', columns={{{spec}}})"
        )
    # Another engine of regular expressions than the program's.
    patterns = [re.compile(line) for line in (FOLDER / "patterns.txt").read_text().splitlines() if line]
    known = [row[0] for row in db.execute("SELECT DISTINCT user_agent FROM raw").fetchall()]
    found = [text for text in known if not text.strip() or any(pattern.search(text) for pattern in patterns)]
    db.execute("CREATE TABLE crawlers (user_agent VARCHAR)")
    db.executemany("INSERT INTO crawlers VALUES (?)", [[text] for text in found])


COLUMNS = {
    "raw": {
        "part": "INTEGER", "off": "BIGINT", "idx": "INTEGER", "arrived": "BIGINT", "said": "BIGINT",
        "click_id": "VARCHAR", "ad": "VARCHAR", "prefix": "VARCHAR", "address": "VARCHAR", "visitor": "VARCHAR",
        "identity": "VARCHAR", "user_agent": "VARCHAR", "country": "VARCHAR", "device": "VARCHAR", "test": "BOOLEAN",
        "prefetch": "BOOLEAN", "bad_token": "BOOLEAN", "impression": "VARCHAR", "datacenter_of": "INTEGER[]",
    },
    "sent": {"part": "INTEGER", "off": "BIGINT", "idx": "INTEGER", "click_id": "VARCHAR", "prefix": "VARCHAR"},
    "campaigns": {
        "id": "VARCHAR", "price_micros": "BIGINT", "ruleset": "INTEGER", "paused": "BOOLEAN", "starts_at": "BIGINT",
        "ends_at": "BIGINT", "dedupe_seconds": "BIGINT", "double_click_ms": "BIGINT", "lateness_seconds": "BIGINT",
    },
    "ads": {"id": "VARCHAR", "campaign": "VARCHAR", "placement": "VARCHAR", "shards": "INTEGER"},
    "rules": {
        "number": "INTEGER", "address_per_minute": "INTEGER", "address_per_hour": "INTEGER",
        "prefix_per_minute": "INTEGER", "prefix_per_hour": "INTEGER", "visitor_per_minute": "INTEGER",
        "visitor_per_hour": "INTEGER", "cadence_limit": "INTEGER", "dedupe_seconds": "BIGINT",
        "double_click_ms": "BIGINT", "lateness_seconds": "BIGINT", "require_token": "BOOLEAN",
    },
}


def report(db, asked):
    millis = MILLIS[asked["grain"]]
    group = ", ".join(asked["group_by"])
    columns = f"t // {millis} * {millis} AS time" + (f", {group}" if group else "")
    rows = db.execute(
        f"""
        SELECT {columns}, count(*) AS gross, count(*) FILTER (WHERE reason IS NULL) AS valid,
            count(reason) AS invalid, coalesce(sum(price_micros) FILTER (WHERE reason IS NULL), 0)::BIGINT AS cost_micros,
            count(DISTINCT visitor) FILTER (WHERE reason IS NULL) AS uniques, histogram(reason) AS reasons
        FROM judged GROUP BY ALL
        """
    )
    names = [column[0] for column in rows.description]
    shown = [dict(zip(names, row)) for row in rows.fetchall()]
    for row in shown:
        row["reasons"] = row["reasons"] or {}
    return shown


def main():
    db = duckdb.connect()
    load(db)
    db.execute((Path(__file__).parent / "oracle.sql").read_text())
    left = db.execute("SELECT (SELECT count(*) FROM timed) - (SELECT count(*) FROM evidence)").fetchone()[0]
    assert left == 0, f"{left} clicks have no rates"
    for line in sys.stdin:
        print(json.dumps(report(db, json.loads(line))), flush=True)


main()
