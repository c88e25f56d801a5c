"""Has ORC C++ (through pyorc) use the indexes of files, as Seek.java does ORC Java: rows behind a seek must be those of
a whole scan, a search for a value of column a must find every row that has it, and the statistics of column a must be
those of its rows. Where there is a column named absent, its values are what is searched for. Prints "ok seeks searches
skipped file" for each file; exits with 3 when pyorc isn't there."""
import random, sys

try:
    import pyorc
    from pyorc.predicates import PredicateColumn, TypeKind
except ImportError:
    sys.exit(3)


class Raw:
    """Timestamps as seconds and nanoseconds: datetime has no nanoseconds."""

    @staticmethod
    def from_orc(seconds, nanoseconds, timezone):
        return (seconds, nanoseconds)

    @staticmethod
    def to_orc(obj, timezone):
        return obj


SEARCHED = {"boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "varchar", "date", "timestamp", "decimal"}

# The kinds whose statistics are values as rows have them. char's are padded, timestamps' have milliseconds.
COMPARED = {
    TypeKind.BOOLEAN, TypeKind.BYTE, TypeKind.SHORT, TypeKind.INT, TypeKind.LONG, TypeKind.FLOAT, TypeKind.DOUBLE,
    TypeKind.STRING, TypeKind.VARCHAR, TypeKind.DATE, TypeKind.DECIMAL,
}  # fmt: skip


def statistics(where, column, values):
    some = [v for v in values if v is not None]
    if any(v != v for v in some):  # they have no range, and pyorc 0.12.0 crashes when it is asked
        return
    have = column().statistics
    want = {"number_of_values": len(some), "has_null": len(some) < len(values)}
    if some:
        want["minimum"], want["maximum"] = min(some), max(some)
    if some and isinstance(some[0], str):
        want["total_length"] = sum(len(v.encode()) for v in some)
        if max(len(v.encode()) for v in some) > 1024:  # then there are bounds
            del want["minimum"], want["maximum"]
    if some and isinstance(some[0], bool):
        want["true_count"] = sum(some)
    elif some and isinstance(some[0], int):
        want["sum"] = sum(some)
    for k, v in want.items():
        if k in have and have[k] != v and not (k == "sum" and abs(v) >> 62):
            raise AssertionError("statistics of %s: %s is %r, want %r" % (where, k, have[k], v))


def check(path):
    rng = random.Random(1)
    raw = {TypeKind.TIMESTAMP: Raw}
    with open(path, "rb") as f:
        reader = pyorc.Reader(f, converters=raw)
        a = list(reader.schema.fields.values())[0]
        rows = [repr(r) for r in reader]
        values = [r[0] for r in pyorc.Reader(f, converters=raw)]
        absent = None
        if "absent" in reader.schema.fields:
            absent = [r[1] for r in pyorc.Reader(f, converters=raw)]
        if a.kind in COMPARED:
            statistics("the file", lambda: reader[1], values)
            for i in range(reader.num_of_stripes):
                stripe = reader.read_stripe(i)
                statistics("stripe %d" % i, lambda: stripe[1], values[stripe.row_offset : stripe.row_offset + len(stripe)])
        seeks = searches = skipped = 0
        for i in range(6 if rows else 0):
            at = len(rows) - 1 if i == 0 else rng.randrange(len(rows))
            reader = pyorc.Reader(f, converters=raw)
            try:
                reader.seek(at)
                got = [repr(r) for r in reader.read(40)]
            except pyorc.ParseError as e:
                if "lastBuffer_ is null" in str(e):  # 2.3.1 can't skip values of no bytes, whoever wrote them
                    continue
                raise
            if got != rows[at : at + 40]:
                raise AssertionError("seek to row %d: %s, want %s" % (at, got[0], rows[at]))
            seeks += 1
        kind = a.kind
        if a.name not in SEARCHED and kind not in (TypeKind.DECIMAL, TypeKind.VARCHAR):
            return seeks, 0, 0
        options = {"precision": a.precision, "scale": a.scale} if kind == TypeKind.DECIMAL else {}
        for i in range(6 if rows else 0):
            at = rng.randrange(len(rows))
            v = (absent or values)[at]
            if v is None or v != v:
                continue
            if kind == TypeKind.TIMESTAMP and v[0] < 0:  # ORC C++ cuts the milliseconds of bounds towards zero, and misses it
                continue
            reader = pyorc.Reader(f, converters=raw, predicate=PredicateColumn(kind, name="a", **options) == v)
            got = [r[0] for r in reader]
            skipped += len(rows) - len(got)
            if not absent and got.count(v) != values.count(v):
                raise AssertionError("search for a = %r of row %d finds %d rows, want %d" % (v, at, got.count(v), values.count(v)))
            searches += 1
        return seeks, searches, skipped


for path in sys.argv[1:]:
    try:
        print("ok %d %d %d %s" % (*check(path), path))
    except Exception as e:
        print("bad", path, repr(e))
