"""Reads DIR/in.arrows, compares it with DIR/rows, prints its types, and writes the same rows in other ways."""

import base64
import decimal
import sys

import pyarrow as pa
import pyarrow.ipc

WIDE = decimal.Context(prec=60)


def values(array):
    """Returns the values of an array as the text that the test has."""
    t = array.type
    if pa.types.is_map(t):
        return lists(array, ["[%s,%s]" % p for p in zip(values(array.keys), values(array.items))])
    if pa.types.is_list(t):
        return lists(array, values(array.values))
    if pa.types.is_struct(t):
        members = zip(*[values(array.field(i)) for i in range(t.num_fields)])
        return ["[%s]" % ",".join(m) if ok else "null" for m, ok in zip(members, array.is_valid().to_pylist())]
    if pa.types.is_boolean(t):
        form = lambda x: str(x).lower()
    elif pa.types.is_floating(t):
        form = lambda x: '"%s"' % x.hex()
    elif pa.types.is_decimal(t):
        form = lambda x: '"%d"' % x.scaleb(t.scale, WIDE)
    elif pa.types.is_string(t) or pa.types.is_binary(t):
        array, form = array.cast(pa.binary()), lambda x: '"%s"' % base64.b64encode(x).decode()
    else:
        form = lambda x: '"%d"' % x
        if pa.types.is_timestamp(t):
            array = array.cast(pa.int64())
        elif pa.types.is_date(t):
            array = array.cast(pa.int32())
    return ["null" if x is None else form(x) for x in array.to_pylist()]


def lists(array, items):
    offsets, valid = array.offsets.to_pylist(), array.is_valid().to_pylist()
    return ["[%s]" % ",".join(items[offsets[i] : offsets[i + 1]]) if valid[i] else "null" for i in range(len(array))]


def write(name, schema, batches, codec=None):
    with pa.ipc.new_stream(dir + "/" + name, schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as w:
        for b in batches:
            w.write_batch(b)


dir = sys.argv[1]
with pa.ipc.open_stream(dir + "/in.arrows") as r:
    batches, schema = list(r), r.schema
for b in batches:
    b.validate(full=True)
got = ["\t".join(row) for b in batches for row in zip(*map(values, b.columns))]
want = open(dir + "/rows").read().split("\n")[:-1]
if len(got) != len(want):
    sys.exit("%d rows, want %d" % (len(got), len(want)))
for i, (g, w) in enumerate(zip(got, want)):
    if g != w:
        for f, x, y in zip(schema, g.split("\t"), w.split("\t")):
            if x != y:
                sys.exit("row %d: %s is %s, want %s" % (i, f.name, x, y))

write("plain.arrows", schema, batches)
write("lz4.arrows", schema, batches, "lz4")
write("zstd.arrows", schema, batches, "zstd")
write("sliced.arrows", schema, [b.slice(i, 7) for b in batches for i in range(0, len(b), 7)])
write("one.arrows", schema, pa.Table.from_batches(batches).combine_chunks().to_batches())
large = pa.schema([pa.field(f.name, pa.large_string() if f.type == pa.string() else f.type) for f in schema])
write("large.arrows", large, pa.Table.from_batches(batches).cast(large).to_batches())
print("; ".join(str(f.type) for f in schema))
