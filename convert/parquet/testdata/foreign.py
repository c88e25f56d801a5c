"""Reads the files of a manifest with pyarrow and DuckDB and compares values, statistics and predicates.

manifest: one JSON object a line: {"file", "rows" (NDJSON file), "type" (of the row), "hive"}.
Prints one line a finding; exit status 1 if there was one.
"""
import base64, datetime, decimal, json, math, struct, sys

import duckdb
import pyarrow.parquet as pq

try:
    import polars
except ImportError:
    polars = None
    print("polars is missing: it has not read our files")

EPOCH = datetime.datetime(1970, 1, 1)
findings = 0


def finding(*what):
    global findings
    findings += 1
    if findings < 60:
        print(*(repr(w) if isinstance(w, str) and "\n" in w else w for w in what))


def micros(d):
    if d.tzinfo is not None:
        d = d.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return (d - EPOCH) // datetime.timedelta(microseconds=1)


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def number(x, k):
    if isinstance(x, str):
        x = float(x.replace("Infinity", "inf"))
    x = float(x)
    if k == "float":
        x = single(x) if math.isfinite(x) else x
    return "NaN" if x != x else struct.pack("<d", x)


def expected(x, t):
    """x is parsed JSON of the rows file."""
    k = t["k"]
    if x is None:
        return None
    if k in ("float", "double"):
        return number(x, k)
    if k == "decimal":
        return decimal.Decimal(str(x))
    if k == "binary":
        return base64.b64decode(x)
    if k == "date":
        return datetime.date.fromisoformat(x)
    if k == "timestamp":
        return micros(datetime.datetime.fromisoformat(x[:-1]))
    if k == "array":
        return [expected(e, t["e"]) for e in x]
    if k == "map":
        return [(expected(key(n, t["key"]), t["key"]), expected(v, t["e"])) for n, v in x.items()]
    if k == "struct":
        return [expected(x[f["n"]], f["t"]) for f in t["f"]]
    return x


def key(text, t):
    if t["k"] in ("tinyint", "smallint", "int", "bigint"):
        return int(text)
    if t["k"] == "boolean":
        return text == "true"
    return text


def actual(x, t):
    k = t["k"]
    if x is None:
        return None
    if k in ("float", "double"):
        return number(x, k)
    if k == "timestamp":
        return micros(x)
    if k == "array":
        return [actual(e, t["e"]) for e in x]
    if k == "map":
        pairs = x.items() if isinstance(x, dict) else x
        if pairs and isinstance(x, list) and isinstance(x[0], dict):
            pairs = [(e["key"], e["value"]) for e in x]  # polars has no maps
        return [(actual(a, t["key"]), actual(b, t["e"])) for a, b in pairs]
    if k == "struct":
        return [actual(x[f["n"]], f["t"]) for f in t["f"]]
    if k == "binary":
        return bytes(x)
    return x


def compare(reader, file, want, got, t):
    if len(want) != len(got):
        finding(file, reader, "rows", len(got), "want", len(want))
        return
    for f in t["f"]:
        n = f["n"]
        for i, (w, g) in enumerate(zip(want, got)):
            a, b = expected(w[n], f["t"]), actual(g[n], f["t"])
            if a != b:
                finding(file, reader, "row", i, n, "got", repr(b)[:200], "want", repr(a)[:200])
                break


def order(x, k):
    if k in ("float", "double"):
        return float(str(x).replace("Infinity", "inf"))
    return x


SCALAR = ("boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "string", "char", "varchar", "date", "timestamp", "binary")


def values(rows, f):
    out = []
    for r in rows:
        v = r[f["n"]]
        if v is None:
            continue
        k = f["t"]["k"]
        if k in ("float", "double"):
            v = float(str(v).replace("Infinity", "inf"))
            if k == "float" and math.isfinite(v):
                v = single(v)
            if v != v:
                continue
        else:
            v = expected(v, f["t"])
        if k in ("string", "char", "varchar"):
            v = v.encode()
        out.append(v)
    return out


def statistics(file, meta, rows, t, hive):
    at = 0
    for g in range(meta.num_row_groups):
        rg = meta.row_group(g)
        part = rows[at:at + rg.num_rows]
        at += rg.num_rows
        paths = {rg.column(i).path_in_schema: rg.column(i) for i in range(rg.num_columns)}
        for f in t["f"]:
            if f["t"]["k"] not in SCALAR:
                continue
            c = paths[f["n"]]
            s = c.statistics
            vals = values(part, f)
            nulls = sum(1 for r in part if r[f["n"]] is None)
            if s is None:
                if not hive and f["t"]["k"] != "timestamp":
                    finding(file, "statistics missing", f["n"])
                continue
            if s.null_count != nulls:
                finding(file, "null_count", f["n"], s.null_count, nulls)
            if hive:
                continue
            if not vals:
                if s.has_min_max and f["t"]["k"] not in ("float", "double"):
                    finding(file, "bounds without values", f["n"])
                continue
            if f["t"]["k"] == "timestamp" and c.physical_type == "INT96":
                continue
            if not s.has_min_max:
                finding(file, "no bounds", f["n"])
                continue
            lo, hi = s.min, s.max
            k = f["t"]["k"]
            if k == "timestamp":
                lo, hi = micros(lo), micros(hi)
            if k in ("string", "char", "varchar"):
                lo, hi = lo.encode(), hi.encode()
            if k in ("string", "char", "varchar", "binary") and (len(max(vals)) > 60 or len(min(vals)) > 60):
                if not (lo <= min(vals) and hi >= max(vals)):
                    finding(file, "bounds don't hold", f["n"], lo, hi)
            elif lo != min(vals) or hi != max(vals):
                finding(file, "bounds", f["n"], lo, hi, "want", min(vals), max(vals))


def literal(v, k):
    if k in ("string", "char", "varchar"):
        return "'" + v.replace("'", "''") + "'"
    if k == "date":
        return "DATE '%s'" % v
    if k == "timestamp":
        return "make_timestamp(%d)" % v
    if k == "binary":
        return "'" + "".join("\\x%02X" % c for c in v) + "'::BLOB"
    if k == "boolean":
        return "true" if v else "false"
    if k == "decimal":
        return "%s::DECIMAL(38,10)" % v if abs(v) < 10 ** 27 else "%s" % v
    return str(v)


# Hive 2.3's statistics of these are by signed bytes, and DuckDB believes them.
MISORDERED = ("decimal", "string", "char", "varchar", "timestamp", "binary")


def predicates(file, con, want, t, hive):
    """One predicate per column that must match, one that must not."""
    for f in t["f"]:
        k, n = f["t"]["k"], f["n"]
        if k not in SCALAR or hive and k in MISORDERED:
            continue
        vals = [expected(r[n], f["t"]) for r in want]
        there = [v for v in vals if v is not None]
        if k in ("float", "double"):
            there = [struct.unpack("<d", v)[0] for v in there if v != "NaN"]
            there = [v for v in there if math.isfinite(v) and abs(v) < 1e6 and abs(v) > 1e-3]
        q = "SELECT count(*) FROM '%s' WHERE \"%s\" " % (file, n)
        nulls = con.execute(q + "IS NULL").fetchall()[0][0]
        if nulls != vals.count(None):
            finding(file, "IS NULL", n, nulls, vals.count(None))
        if not there:
            continue
        probes = [there[len(there) // 2], min(there), max(there)]
        for v in probes:
            got = con.execute(q + "= " + literal(v, k)).fetchall()[0][0]
            count = there.count(v)
            if got != count:
                finding(file, "predicate", n, "=", v, "got", got, "want", count)
        absent = {"string": "zzzz~", "char": "zzzz~", "varchar": "zzzz~", "date": "3001-01-01", "timestamp": 95617584000000000, "binary": b"\xff" * 40, "decimal": None, "boolean": None}.get(k, 97)
        if absent is None or absent in there:
            continue
        got = con.execute(q + "= " + literal(absent, k)).fetchall()[0][0]
        if got != 0:
            finding(file, "predicate", n, "= absent", got)


def main():
    con = duckdb.connect()
    con.execute("SET TimeZone='UTC'")
    files = 0
    for line in open(sys.argv[1]):
        m = json.loads(line)
        want = [json.loads(x, parse_float=str, parse_int=lambda s: s if s == "-0" else int(s)) for x in open(m["rows"], encoding="utf-8")]
        t = m["type"]
        files += 1
        try:
            f = pq.ParquetFile(m["file"], page_checksum_verification=True)
            compare("pyarrow", m["file"], want, f.read().to_pylist(), t)
            statistics(m["file"], f.metadata, want, t, m["hive"])
        except Exception as e:
            finding(m["file"], "pyarrow", repr(e)[:300])
        try:
            r = con.execute("SELECT * FROM '%s'" % m["file"])
            names = [c[0] for c in r.description]
            compare("duckdb", m["file"], want, [dict(zip(names, x)) for x in r.fetchall()], t)
            predicates(m["file"], con, want, t, m["hive"])
        except Exception as e:
            finding(m["file"], "duckdb", repr(e)[:300])
        # Polars doesn't read DELTA_BYTE_ARRAY of decimals, which is what parquet-mr 1.8.1 writes in V2
        if polars and not m["hive"]:
            try:
                compare("polars", m["file"], want, polars.read_parquet(m["file"]).to_dicts(), t)
            except BaseException as e:
                finding(m["file"], "polars", repr(e)[:300])
    print("files:", files, "findings:", findings)
    sys.exit(1 if findings else 0)


main()
