"""Reads what `hydrant replay` delivered of the sample with pyarrow and with DuckDB, and compares every
row, and every type, with the lines that were put in, taken apart here once more by a regular expression."""
import datetime, glob, gzip, os, re, sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

out, sample = sys.argv[1:3]
line = re.compile(
    r'^(?P<host>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[\w:/]+) (?P<zone>[+\-]\d{4})\] "(?P<request>.*?)" (?P<status>\d{3}) (?P<size>\d+|-)'
)
months = dict(zip("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), range(1, 13)))


def expected():
    for name, opener in (("apache_access.log.gz", gzip.open), ("bad_access.log", open)):
        with opener(os.path.join(sample, name), "rb") as f:
            for raw in f.read().split(b"\n"):
                if not raw:
                    continue
                m = line.match(raw.decode("utf-8", "replace"))
                if m is None:
                    continue
                d, mon, rest = m["time"].split("/")
                year, hh, mm, ss = (int(x) for x in rest.split(":"))
                local = datetime.datetime(year, months[mon], int(d), hh, mm, ss)
                sign = -1 if m["zone"][0] == "-" else 1
                offset = datetime.timedelta(hours=int(m["zone"][1:3]), minutes=int(m["zone"][3:])) * sign
                parts = m["request"].split(" ")
                yield (
                    m["host"], m["ident"], m["user"], m["request"], parts[0] if len(parts) > 1 else None,
                    int(m["status"]), None if m["size"] == "-" else int(m["size"]), local, m["zone"], local - offset,
                )


want = list(expected())
files = sorted(glob.glob(out + "/**/*.parquet", recursive=True))
table = pa.concat_tables([pq.read_table(f) for f in files])
types = [str(t) for t in table.schema.types]
names = ["host", "ident", "authuser", "request", "verb", "response", "bytes", "local_time", "timezone", "utc_time"]
assert table.schema.names[:10] == names, table.schema
text = "string"
assert types[:10] == [text] * 5 + ["int32", "int64", "timestamp[ns]", text, "timestamp[ns]"], types
got = [tuple(r[n].to_pydatetime().replace(tzinfo=None) if hasattr(r[n], "to_pydatetime") else r[n] for n in names) for r in table.to_pylist()]


def same(rows, who):
    assert len(rows) == len(want), f"{who}: {len(rows)} rows, {len(want)} were put in"
    for i, (a, b) in enumerate(zip(rows, want)):
        assert a == b, f"{who}: row {i} is {a}, {b} was put in"


same(got, "pyarrow")
rows, kinds = [], None
for f in files:  # one by one: DuckDB doesn't promise an order between files
    r = duckdb.sql(f"select {', '.join(names)} from read_parquet('{f}', hive_partitioning=false)")
    kinds = [str(t) for t in r.types]
    rows += r.fetchall()
    # A predicate must find by the statistics what it finds without them.
    n = duckdb.sql(f"select count(*) from read_parquet('{f}') where response = 404 and host >= '8'").fetchall()[0][0]
    assert n == sum(1 for x in rows[-r.shape[0]:] if x[5] == 404 and x[0] >= "8"), f
same(rows, "duckdb")
assert kinds == ["VARCHAR"] * 5 + ["INTEGER", "BIGINT", "TIMESTAMP", "VARCHAR", "TIMESTAMP"] or kinds == ["VARCHAR"] * 5 + ["INTEGER", "BIGINT", "TIMESTAMP_NS", "VARCHAR", "TIMESTAMP_NS"], kinds
print(f"{len(want)} rows in {len(files)} files agree: pyarrow {pa.__version__}, DuckDB {duckdb.__version__}")
