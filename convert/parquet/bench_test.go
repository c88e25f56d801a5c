package parquet

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
)

// benchColumns are a delivery's columns: ids, times, texts of few and of many values, nulls, a
// struct, a list and a map.
var benchColumns = []string{
	"event_id", "string", "at", "timestamp", "user_id", "bigint", "session", "string", "event_type", "string",
	"url", "string", "referrer", "string", "agent", "string", "status", "int", "price", "double", "ok", "boolean", "day", "date",
	"amount", "decimal(12,2)", "geo", "struct<city:string,country:string,lat:double>", "tags", "array<string>", "attrs", "map<string,string>", "message", "string",
}

func benchBatch(b testing.TB, rows int) *column.Batch {
	columns := columnsOf(b, benchColumns...)
	batch := column.NewBatch(columns)
	rng := rand.New(rand.NewPCG(1, 1))
	batch.Rows = rows
	text := func(v *column.Vector, format string, args ...any) { v.AppendBytes(fmt.Appendf(nil, format, args...)) }
	for i := range rows {
		c := batch.Columns
		text(&c[0], "%08x-%04x-%04x-%012x", rng.Uint32(), rng.Uint32()&0xffff, rng.Uint32()&0xffff, rng.Uint64()&0xffffffffffff)
		c[1].AppendTimestamp(1700000000+int64(i)/50, int32(rng.IntN(1000))*1e6)
		c[2].AppendInt(int64(rng.IntN(50000)))
		text(&c[3], "s-%06d", rng.IntN(20000))
		text(&c[4], "%s", []string{"page_view", "click", "purchase", "add_to_cart", "search"}[rng.IntN(5)])
		text(&c[5], "https://www.example.com/products/%d/reviews?page=%d&sort=%s", rng.IntN(3000), rng.IntN(20), []string{"new", "best", "price"}[rng.IntN(3)])
		if rng.IntN(10) < 3 {
			c[6].AppendNull()
		} else {
			text(&c[6], "https://search.example.org/?q=item+%d", rng.IntN(500))
		}
		text(&c[7], "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.%d (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", rng.IntN(30), 90+rng.IntN(40))
		c[8].AppendInt([]int64{200, 200, 200, 304, 404, 500}[rng.IntN(6)])
		if rng.IntN(2) == 0 {
			c[9].AppendNull()
		} else {
			c[9].AppendFloat(float64(rng.IntN(100000)) / 100)
		}
		c[10].AppendBool(rng.IntN(8) != 0)
		c[11].AppendInt(19000 + int64(i)/5000)
		c[12].AppendDecimal(0, int64(rng.IntN(1e8)))
		geo := &c[13]
		text(&geo.Children[0], "City %d", rng.IntN(300))
		text(&geo.Children[1], "%c%c", 'A'+rng.IntN(8), 'A'+rng.IntN(8))
		geo.Children[2].AppendFloat(rng.Float64() * 180)
		geo.EndStruct()
		for range rng.IntN(6) {
			text(&c[14].Children[0], "tag%d", rng.IntN(60))
		}
		c[14].EndList()
		for k := range 1 + rng.IntN(5) {
			text(&c[15].Children[0], "key%d", k)
			text(&c[15].Children[1], "value %d", rng.IntN(1000))
		}
		c[15].EndList()
		text(&c[16], "Order %d of customer %d was shipped to ‘%d’ – \"please ring twice\"\n", rng.Uint32(), rng.Uint32(), rng.Uint32())
	}
	return batch
}

// batchBytes is the size of b's vectors.
func batchBytes(b *column.Batch) (n int64) {
	var size func(v *column.Vector) int64
	size = func(v *column.Vector) int64 {
		n := int64(8*len(v.Valid) + 8*len(v.Bools) + 8*len(v.Ints) + 8*len(v.High) + 4*len(v.Nanos) + 8*len(v.Floats) + len(v.Bytes) + 4*len(v.Offsets))
		for i := range v.Children {
			n += size(&v.Children[i])
		}
		return n
	}
	for i := range b.Columns {
		n += size(&b.Columns[i])
	}
	return n
}

// BenchmarkWrite encodes a chunk of 8 MB of columns as one row group; MB/s are of columns in memory.
func BenchmarkWrite(b *testing.B) {
	columns := columnsOf(b, benchColumns...)
	batch := benchBatch(b, 16000)
	for _, o := range []Options{
		{EnableDictionaryCompression: true},
		{},
		{EnableDictionaryCompression: true, Compression: "UNCOMPRESSED"},
		{Compression: "UNCOMPRESSED"},
		{EnableDictionaryCompression: true, WriterVersion: "V2"},
		{WriterVersion: "V2"},
		{EnableDictionaryCompression: true, Layout: LayoutModern},
		{EnableDictionaryCompression: true, Layout: LayoutHive},
	} {
		b.Run(fmt.Sprintf("%s_%s_%s_dict=%v", o.Layout, o.WriterVersion, o.Compression, o.EnableDictionaryCompression), func(b *testing.B) {
			w, err := New(io.Discard, columns, o)
			if err != nil {
				b.Fatal(err)
			}
			var g Group
			b.SetBytes(batchBytes(batch))
			b.ReportAllocs()
			for b.Loop() {
				for c := range columns {
					if err := w.Encode(&g, batch, c); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Append(&g); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(w.pos)/float64(b.N)/float64(batchBytes(batch)), "ratio")
		})
	}
}

// BenchmarkColumn encodes one column at a time.
func BenchmarkColumn(b *testing.B) {
	columns := columnsOf(b, benchColumns...)
	batch := benchBatch(b, 16000)
	for i, col := range columns {
		for _, dict := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s_dict=%v", col.Name, dict), func(b *testing.B) {
				w, err := New(io.Discard, columns[i:i+1], Options{EnableDictionaryCompression: dict, Compression: "UNCOMPRESSED"})
				if err != nil {
					b.Fatal(err)
				}
				one := &column.Batch{Rows: batch.Rows, Columns: batch.Columns[i : i+1]}
				var g Group
				b.SetBytes(batchBytes(one))
				for b.Loop() {
					if err := w.Encode(&g, one, 0); err != nil {
						b.Fatal(err)
					}
					if err := w.Append(&g); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
