//go:build unix

package orc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/schema"
)

// eventColumns is a table of web events: 28 leaves, about 1,000 bytes of JSON a row.
var eventColumns = parseColumns(`struct<event_id:string,ts:timestamp,user_id:bigint,session_id:string,event_type:string,url:string,` +
	`referrer:string,user_agent:string,ip:string,price:decimal(10,2),quantity:int,currency:string,score:double,is_bot:boolean,` +
	`device:struct<os:string,os_version:string,model:string,screen_w:int,screen_h:int>,` +
	`geo:struct<country:string,city:string,lat:double,lon:double>,tags:array<string>,attrs:map<string,string>,` +
	`message:string,day:date,seq:bigint,status:smallint>`)

// events makes a batch of web events and says how long they are as JSON.
func events(rows int, seed uint64) (b *column.Batch, bytes int) {
	r := rand.New(rand.NewPCG(seed, 5))
	b = column.NewBatch(eventColumns)
	pick := func(v *column.Vector, from []string) {
		v.AppendBytes([]byte(from[int(r.ExpFloat64()*float64(len(from))/4)%len(from)]))
	}
	agents := make([]string, 60)
	for i := range agents {
		agents[i] = fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) AppleWebKit/537.%d (KHTML, like Gecko) Chrome/%d.0.%d.12%d Safari/537.36", 60+i, i, 100+i, 4000+i*7, i)
	}
	kinds := []string{"page_view", "click", "add_to_cart", "purchase", "search", "scroll", "login", "logout"}
	places := []string{"Berlin", "München", "Paris", "São Paulo", "東京", "New York", "London", "Zürich", "Oslo", "Lima", "Quito", "Accra"}
	lorem := []string{"the quick", "brown fox", "jumps over", "the \"lazy\" dog", "größer", "naïve café", "line\nbreak", "tab\tbed", "日本語", "0123456789"}
	var text []byte
	for i := range rows {
		c := b.Columns
		c[0].AppendBytes(fmt.Appendf(nil, "%08x-%04x-4%03x-a%03x-%012x", r.Uint32(), r.Uint32()&0xffff, r.Uint32()&0xfff, r.Uint32()&0xfff, r.Uint64()&0xffffffffffff))
		c[1].AppendTimestamp(1735689600+int64(seed)*100000+int64(i/3), r.Int32N(1000)*1e6)
		c[2].AppendInt(int64(r.ExpFloat64() * 50000))
		c[3].AppendBytes(fmt.Appendf(nil, "s-%08x", r.Uint32N(20000)))
		pick(&c[4], kinds)
		c[5].AppendBytes(fmt.Appendf(nil, "https://shop.example.com/category/%d/product/%d?utm_source=%s&page=%d", r.IntN(40), r.IntN(5000), kinds[r.IntN(8)], r.IntN(9)))
		if r.IntN(10) < 3 {
			c[6].AppendNull()
		} else {
			c[6].AppendBytes(fmt.Appendf(nil, "https://www.example.org/search?q=%s+%d", places[r.IntN(12)], r.IntN(300)))
		}
		pick(&c[7], agents)
		c[8].AppendBytes(fmt.Appendf(nil, "10.%d.%d.%d", r.IntN(4), r.IntN(256), r.IntN(256)))
		if r.IntN(2) == 0 {
			c[9].AppendNull()
		} else {
			c[9].AppendDecimal(0, int64(r.IntN(100000)))
		}
		c[10].AppendInt(int64(1 + r.IntN(5)))
		pick(&c[11], []string{"EUR", "USD", "GBP", "JPY"})
		c[12].AppendFloat(r.Float64())
		c[13].AppendBool(r.IntN(50) == 0)
		d := c[14].Children
		pick(&d[0], []string{"iOS", "Android", "Windows", "macOS", "Linux"})
		d[1].AppendBytes(fmt.Appendf(nil, "%d.%d", 10+r.IntN(8), r.IntN(6)))
		pick(&d[2], agents[:20])
		d[3].AppendInt(int64(640 + r.IntN(8)*160))
		d[4].AppendInt(int64(480 + r.IntN(8)*120))
		c[14].EndStruct()
		g := c[15].Children
		pick(&g[0], []string{"DE", "FR", "BR", "JP", "US", "GB", "CH", "NO", "PE", "EC", "GH"})
		pick(&g[1], places)
		g[2].AppendFloat(float64(r.IntN(180000))/1000 - 90)
		g[3].AppendFloat(float64(r.IntN(360000))/1000 - 180)
		c[15].EndStruct()
		for range r.IntN(6) {
			c[16].Children[0].AppendBytes(fmt.Appendf(nil, "tag-%d", r.IntN(100)))
		}
		c[16].EndList()
		for k := range 1 + r.IntN(5) {
			c[17].Children[0].AppendBytes(fmt.Appendf(nil, "key_%d", k))
			c[17].Children[1].AppendBytes(fmt.Appendf(nil, "value %d", r.IntN(1000)))
		}
		c[17].EndList()
		text = text[:0]
		for range 4 + r.IntN(12) {
			text = append(append(text, lorem[r.IntN(len(lorem))]...), ' ')
		}
		c[18].AppendBytes(text)
		c[19].AppendInt(20089 + int64(i/50000))
		c[20].AppendInt(int64(seed)*1e6 + int64(i))
		c[21].AppendInt([]int64{200, 200, 200, 200, 301, 404, 500}[r.IntN(7)])
		b.Rows++
	}
	var line []byte
	for i := range rows {
		line = appendRow(line[:0], b, eventColumns, i, false)
		bytes += len(line)
	}
	return b, bytes
}

// eventBatches are what a stripe is made of, and the mean length of one as JSON.
func eventBatches() (batches []*column.Batch, size int) {
	for seed := range uint64(16) {
		b, n := events(4096, seed)
		batches = append(batches, b)
		size += n
	}
	return batches, size / len(batches)
}

// cpu is the processor time of this process: on a machine that others use, the time to go by.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// setRows is how many rows of a data set are encoded; each has more.
const setRows = 150_000

// loadSet reads the first rows of a data set of ../../bench (make bench-data makes it), in batches of about 1 MiB of JSON
// as the command has them, and says how long they are.
func loadSet(b *testing.B, name string) (columns []schema.Column, batches []*column.Batch, rows, size int) {
	const dir = "../../.conformance/bench/"
	text, err := os.ReadFile(dir + name + ".struct")
	if err != nil {
		b.Skip("the data set isn't there; make bench-data makes it")
	}
	f, err := os.Open(dir + name + ".ndjson")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	table := &schema.Table{Columns: parseColumns(strings.TrimSpace(string(text)))}
	d, err := openx.New(table, openx.Options{})
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for from := 0; rows < setRows && lines.Scan(); rows++ {
		if len(batches) == 0 || size-from > 1<<20 {
			batches, from = append(batches, column.NewBatch(table.Columns)), size
		}
		if err := d.Record(batches[len(batches)-1], lines.Bytes()); err != nil {
			b.Fatal(err)
		}
		size += len(lines.Bytes()) + 1
	}
	return table.Columns, batches, rows, size
}

// BenchmarkSet encodes a file of one stripe, on one goroutine. Its MB/s are of the JSON that the columns came from.
func BenchmarkSet(b *testing.B) {
	for _, set := range []string{"events", "wide", "deep"} {
		var columns []schema.Column
		var batches []*column.Batch
		var rows, size int
		for _, c := range []Compression{Snappy, None, Zlib} {
			b.Run(set+"/"+string(c), func(b *testing.B) {
				if batches == nil {
					columns, batches, rows, size = loadSet(b, set)
				}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				file := int64(0)
				start := cpu()
				for b.Loop() {
					w, err := New(io.Discard, columns, Options{Compression: c})
					if err != nil {
						b.Fatal(err)
					}
					var stripe Stripe
					for _, batch := range batches {
						for col := range columns {
							if err := w.Encode(&stripe, batch, col); err != nil {
								b.Fatal(err)
							}
						}
					}
					if err := errors.Join(w.Append(&stripe), w.Close()); err != nil {
						b.Fatal(err)
					}
					file = w.offset
				}
				b.ReportMetric(float64(size)*float64(b.N)/1e6/(cpu()-start).Seconds(), "MB/cpu-s")
				b.ReportMetric(float64(file), "bytes")
				b.ReportMetric(float64(rows), "rows")
			})
		}
	}
}

// BenchmarkColumns encodes each column of the events alone.
func BenchmarkColumns(b *testing.B) {
	batches, _ := eventBatches()
	for col, c := range eventColumns {
		b.Run(c.Name, func(b *testing.B) {
			w, err := New(io.Discard, []schema.Column{c}, Options{})
			if err != nil {
				b.Fatal(err)
			}
			var stripe Stripe
			n, start := 0, cpu()
			for b.Loop() {
				batch := batches[n%16]
				one := &column.Batch{Rows: batch.Rows, Columns: batch.Columns[col : col+1]}
				if err := w.Encode(&stripe, one, 0); err != nil {
					b.Fatal(err)
				}
				if n++; n%16 == 0 {
					if err := w.Append(&stripe); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64((cpu()-start).Nanoseconds())/float64(b.N)/4096, "cpu-ns/row")
		})
	}
}
