# Tables of an Iceberg REST catalog by pyiceberg: iceberg.py make|read|append|evolve|bucketed|files CATALOG [TABLE] [JSON|N]
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog import load_catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform
from pyiceberg.types import (
    BooleanType, DateType, DecimalType, DoubleType, FloatType, IntegerType, ListType, LongType, MapType, NestedField, StringType,
    StructType, TimestampType, TimestamptzType,
)

verb, uri = sys.argv[1:3]
catalog = load_catalog("rest", type="rest", uri=uri)


def make():
    catalog.create_namespace("shop")
    orders = Schema(
        NestedField(1, "id", LongType(), required=True),
        NestedField(2, "userName", StringType()),
        NestedField(3, "price", DecimalType(10, 2)),
        NestedField(4, "at", TimestampType()),
        NestedField(5, "seen", TimestamptzType()),
        NestedField(6, "day", DateType()),
        NestedField(7, "tags", ListType(8, StringType(), element_required=False)),
        NestedField(9, "pos", StructType(NestedField(10, "x", DoubleType()), NestedField(11, "y", FloatType(), required=True))),
        NestedField(12, "counts", MapType(13, StringType(), 14, IntegerType(), value_required=False)),
        NestedField(15, "ok", BooleanType()),
        identifier_field_ids=[1],
    )
    catalog.create_table("shop.orders", schema=orders)
    items = Schema(NestedField(1, "country", StringType()), NestedField(2, "sku", StringType()), NestedField(3, "n", IntegerType()))
    catalog.create_table("shop.items", schema=items, partition_spec=PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "country")))
    clicks = Schema(NestedField(1, "at", TimestampType()), NestedField(2, "url", StringType()))
    catalog.create_table("shop.clicks", schema=clicks, partition_spec=PartitionSpec(PartitionField(1, 1000, DayTransform(), "at_day")))


def plain(v):
    if isinstance(v, list):
        # pyarrow has maps as lists of pairs
        return {k: plain(w) for k, w in v} if v and isinstance(v[0], tuple) else [plain(w) for w in v]
    if isinstance(v, dict):
        return {k: plain(w) for k, w in v.items()}
    return v if v is None or isinstance(v, (bool, int, float, str)) else str(v)


def read(name):
    t = catalog.load_table(name)
    rows = [json.dumps(plain(r), separators=(",", ":")) for r in t.scan().to_arrow().to_pylist()]
    snapshots = [[s.summary.operation.value, s.summary["total-records"]] for s in t.snapshots()]
    files = t.inspect.files()
    print(json.dumps({"rows": sorted(rows), "snapshots": snapshots, "files": files.num_rows,
                      "partitions": sorted(json.dumps(plain(p)) for p in files["partition"].to_pylist()) if "partition" in files.column_names else []}))


def append(name, row):
    t = catalog.load_table(name)
    schema = t.schema().as_arrow()
    t.append(pa.Table.from_pylist([json.loads(row)], schema=schema))


def evolve(name):
    with catalog.load_table(name).update_schema() as u:
        u.add_column("more", StringType())


def bucketed(name):
    schema = Schema(NestedField(1, "id", LongType()))
    catalog.create_table(name, schema=schema, partition_spec=PartitionSpec(PartitionField(1, 1000, BucketTransform(4), "id_bucket")))


def files(name, n):
    t = catalog.create_table(name, schema=Schema(NestedField(1, "id", LongType())))
    paths = []
    for i in range(int(n)):
        paths.append(f"{t.location()}/data/{i}.parquet")
        with t.io.new_output(paths[-1]).create() as f:
            pq.write_table(pa.table({"id": [i]}), f)
    t.add_files(paths, check_duplicate_files=False)


{"make": make, "read": read, "append": append, "evolve": evolve, "bucketed": bucketed, "files": files}[verb](*sys.argv[3:])
