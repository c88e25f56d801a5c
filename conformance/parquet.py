"""Reads Parquet files that hydrant convert made of the same records: by pyarrow, DuckDB and Polars, whole and with predicates.

parquet.py RECORDS FILE...; RECORDS is NDJSON, of which each line whose id is a number is a row. The rows are held against the records
themselves, of every file: values, types, statistics of each row group, and for each column predicates that must and that must not match.
Prints one line a finding; exit status 1 if there was one.
"""
import datetime, decimal, json, math, struct, sys

import duckdb
import polars
import pyarrow
import pyarrow.dataset as dataset
import pyarrow.parquet as pq

EPOCH = datetime.datetime(1970, 1, 1)
D = decimal.Decimal
findings = 0


def finding(*what):
    global findings
    findings += 1
    if findings < 60:
        print(*what)


def text(x):
    return x


def day(x):
    return datetime.date.fromisoformat(x)


def time(x):
    return datetime.datetime.fromisoformat(x)


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def items(kind):
    return lambda x: [None if e is None else kind(e) for e in x]


def members(**kinds):
    return lambda x: {n: None if x.get(n) is None else kind(x[n]) for n, kind in kinds.items()}


def pairs(x):
    return sorted(x.items())


# How a value of each column is read from its record, and the types that DuckDB and pyarrow must give it.
COLUMNS = {
    "id": (int, "BIGINT", "int64"),
    "t": (int, "TINYINT", "int8"),
    "s": (int, "SMALLINT", "int16"),
    "i": (int, "INTEGER", "int32"),
    "f": (single, "FLOAT", "float"),
    "d": (float, "DOUBLE", "double"),
    "b": (bool, "BOOLEAN", "bool"),
    "dec5": (D, "DECIMAL(5,2)", "decimal128(5, 2)"),
    "dec18": (D, "DECIMAL(18,4)", "decimal128(18, 4)"),
    "dec38": (D, "DECIMAL(38,10)", "decimal128(38, 10)"),
    "str": (text, "VARCHAR", "string"),
    "c": (text, "VARCHAR", "string"),
    "vc": (text, "VARCHAR", "string"),
    "day": (day, "DATE", "date32[day]"),
    "ts": (time, "TIMESTAMP", "timestamp["),
    "low": (text, "VARCHAR", "string"),
    "none": (int, "INTEGER", "int32"),
    "st": (members(x=int, y=text, at=time, deep=members(q=float)), "STRUCT(x INTEGER, y VARCHAR, at TIMESTAMP, deep STRUCT(q DOUBLE))", "struct<"),
    "texts": (items(text), "VARCHAR[]", "list<"),
    "ints": (items(int), "INTEGER[]", "list<"),
    "m": (pairs, "MAP(VARCHAR, BIGINT)", "map<string, int64"),
    "ast": (items(members(k=text, v=D)), "STRUCT(k VARCHAR, v DECIMAL(9,3))[]", "list<"),
}

# The leaves that aren't repeated: where they are, and a value between the least and the greatest that no record has.
LEAVES = {
    ("id",): 15_005, ("t",): 1, ("s",): 1, ("i",): 1, ("f",): 0.25, ("d",): 0.25, ("b",): False,
    ("dec5",): D("0.01"), ("dec18",): D("0.0001"), ("dec38",): D("0.0000000001"),
    ("str",): "key 00500x", ("c",): "c1x", ("vc",): "ä1x", ("day",): datetime.date(1999, 12, 31), ("ts",): datetime.datetime(2001, 1, 1, 0, 0, 1),
    ("low",): "low 1x", ("none",): 1, ("st", "x"): 1, ("st", "y"): "y 1x", ("st", "at"): datetime.datetime(2001, 1, 1, 0, 0, 1), ("st", "deep", "q"): 0.25,
}

# Hive 2.3's bounds of these are by signed bytes, and readers that believe them may skip what matches.
MISORDERED = {("dec5",), ("dec18",), ("dec38",), ("str",), ("c",), ("vc",), ("low",), ("ts",), ("st", "y"), ("st", "at")}


def micros(x):
    if isinstance(x, datetime.datetime):
        return ((x if x.tzinfo is None else x.astimezone(datetime.timezone.utc).replace(tzinfo=None)) - EPOCH) // datetime.timedelta(microseconds=1)
    if isinstance(x, dict):
        return {n: micros(v) for n, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [micros(v) for v in x]
    return x


def leaf(row, path):
    for n in path:
        if row is None:
            return None
        row = row[n]
    return row


def compare(file, reader, got, want):
    if len(got) != len(want):
        return finding(file, reader, "rows", len(got), "want", len(want))
    for n in COLUMNS:
        for i, (g, w) in enumerate(zip(got, want)):
            g = g[n]
            if n == "m" and g is not None:  # a map is a dict, a list of pairs, or in Polars a list of structs
                g = sorted(g.items() if isinstance(g, dict) else [(e["key"], e["value"]) if isinstance(e, dict) else e for e in g])
            if g != w[n] and micros(g) != micros(w[n]):
                finding(file, reader, "row", i, n, repr(g)[:200], "want", repr(w[n])[:200])
                break


def types(file, schema, con):
    found = {n: t for n, t, *_ in con.execute("DESCRIBE SELECT * FROM '%s'" % file).fetchall()}
    for n, (_, duck, arrow) in COLUMNS.items():
        if found.get(n, "").replace('"', "") != duck:
            finding(file, "DuckDB's type of", n, found.get(n), "want", duck)
        if not str(schema.field(n).type).startswith(arrow):
            finding(file, "pyarrow's type of", n, schema.field(n).type, "want", arrow)


def comparable(x):
    return x.encode() if isinstance(x, str) else micros(x)


def statistics(file, meta, want, hive, con):
    """Statistics of each row group against its rows, and those that DuckDB reads against those that pyarrow reads."""
    nulls = {(g, p): n for g, p, n in con.execute("SELECT row_group_id, path_in_schema, stats_null_count FROM parquet_metadata('%s')" % file).fetchall()}
    at = 0
    for g in range(meta.num_row_groups):
        group = meta.row_group(g)
        rows = want[at:at + group.num_rows]
        at += group.num_rows
        for i in range(group.num_columns):
            c = group.column(i)
            s, path = c.statistics, tuple(c.path_in_schema.split("."))
            if s is None:
                if not hive:
                    finding(file, "group", g, c.path_in_schema, "has no statistics")
                continue
            if nulls[g, ", ".join(path)] != s.null_count:
                finding(file, "group", g, c.path_in_schema, "DuckDB reads", nulls[g, ", ".join(path)], "nulls, pyarrow", s.null_count)
            if path not in LEAVES:
                continue
            values = [leaf(r, path) for r in rows]
            there = [comparable(v) for v in values if v is not None]
            if s.null_count != len(values) - len(there):
                finding(file, "group", g, path, s.null_count, "nulls, want", len(values) - len(there))
            if hive and path in MISORDERED or c.physical_type == "INT96":
                continue
            if s.has_min_max != bool(there):
                finding(file, "group", g, path, "has bounds:", s.has_min_max, "with", len(there), "values")
            elif there:
                lo, hi = comparable(s.min), comparable(s.max)
                long = isinstance(lo, bytes) and max(len(min(there)), len(max(there))) > 60
                if not (lo <= min(there) and hi >= max(there)) or not long and (lo, hi) != (min(there), max(there)):
                    finding(file, "group", g, path, "bounds", lo, hi, "want", min(there), max(there))
    if at != len(want):
        finding(file, at, "rows in row groups, want", len(want))


def sql(v):
    if isinstance(v, str):
        return "'" + v.replace("'", "''") + "'"
    if isinstance(v, datetime.datetime):
        return "TIMESTAMP '%s'" % v
    if isinstance(v, datetime.date):
        return "DATE '%s'" % v
    return str(v)


def predicates(file, want, hive, by_polars, schema, con):
    """Of each column: = a value that is there, the least and the greatest; = one between them that isn't; beyond both ends; nulls."""
    data, lazy = dataset.dataset(file), polars.scan_parquet(file)
    for path, absent in LEAVES.items():
        name = ".".join('"%s"' % n for n in path)
        column = polars.col(path[0])
        for n in path[1:]:
            column = column.struct.field(n)
        field, kind = dataset.field(*path), schema.field(path[0]).type
        for n in path[1:]:
            kind = kind.field(n).type
        values = [leaf(r, path) for r in want]
        there = [v for v in values if v is not None]
        tests = [("=", absent, 0)]
        if there:
            least, most = min(there, key=comparable), max(there, key=comparable)
            for v in (there[len(there) // 2], least, most):
                tests.append(("=", v, there.count(v)))
            tests += [("<", least, 0), (">", most, 0), ("<=", least, there.count(least)), (">=", most, there.count(most))]
        for op, v, count in tests:
            compare = {"=": "__eq__", "<": "__lt__", ">": "__gt__", "<=": "__le__", ">=": "__ge__"}[op]
            got = {}
            if not (hive and path in MISORDERED):
                got["DuckDB"] = con.execute("SELECT count(*) FROM '%s' WHERE %s %s %s" % (file, name, op, sql(v))).fetchall()[0][0]
            got["pyarrow"] = data.count_rows(filter=getattr(field, compare)(pyarrow.scalar(v, kind)))
            literal = polars.lit(v)
            if isinstance(v, D):
                literal = literal.cast(polars.Decimal(38, kind.scale))
            if by_polars:
                got["Polars"] = lazy.filter(getattr(column, compare)(literal)).select(polars.len()).collect().item()
            for reader, n in got.items():
                if n != count:
                    finding(file, reader, name, op, v, "matches", n, "want", count)
        n = con.execute("SELECT count(*) FROM '%s' WHERE %s IS NULL" % (file, name)).fetchall()[0][0]
        if n != values.count(None):
            finding(file, "DuckDB", name, "IS NULL", n, "want", values.count(None))
    for where, holds in (
        ("list_contains(texts, 'text 3')", lambda r: "text 3" in (r["texts"] or [])), ("list_contains(texts, 'text 3x')", lambda r: False),
        ("list_contains(ints, 6)", lambda r: 6 in (r["ints"] or [])), ("list_contains(ints, 7)", lambda r: False),
        ("m['k1'] = 3", lambda r: ("k1", 3) in (r["m"] or [])), ("m['k1'] = 4", lambda r: False),
        ("ast[1].k = 'k 2'", lambda r: bool(r["ast"]) and r["ast"][0]["k"] == "k 2"), ("ast[1].v = 0.001", lambda r: False),
    ):
        got, count = con.execute("SELECT count(*) FROM '%s' WHERE %s" % (file, where)).fetchall()[0][0], sum(1 for r in want if holds(r))
        if got != count:
            finding(file, "DuckDB", where, "matches", got, "want", count)


def main():
    want = []
    for line in open(sys.argv[1], encoding="utf-8"):
        r = json.loads(line, parse_float=D)
        if isinstance(r["id"], int):
            want.append({n: None if r.get(n) is None else kind(r[n]) for n, (kind, *_) in COLUMNS.items()})
    con = duckdb.connect()
    con.execute("SET TimeZone='UTC'")
    groups = 0
    for file in sys.argv[2:]:
        hive = "hive" in file
        by_polars = not (hive and "V2" in file)  # it doesn't read DELTA_BYTE_ARRAY of decimals, which is what parquet-mr 1.8.1 writes in V2
        f = pq.ParquetFile(file, page_checksum_verification=True)
        groups += f.metadata.num_row_groups
        compare(file, "pyarrow", f.read().to_pylist(), want)
        r = con.execute("SELECT * FROM '%s'" % file)
        names = [c[0] for c in r.description]
        compare(file, "DuckDB", [dict(zip(names, x)) for x in r.fetchall()], want)
        if by_polars:
            compare(file, "Polars", polars.read_parquet(file).to_dicts(), want)
        types(file, f.schema_arrow, con)
        statistics(file, f.metadata, want, hive, con)
        predicates(file, want, hive, by_polars, f.schema_arrow, con)
    print("%d files in %d row groups of %d rows, %d findings" % (len(sys.argv) - 2, groups, len(want), findings))
    sys.exit(1 if findings else 0)


main()
