package jq

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// events makes records of about a kilobyte, as application logs look.
func events(n int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	devices := []string{"mobile", "tablet", "desktop"}
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, `{"event_id":"%08x-%04x-4%03x-a%03x-%012x","event_type":"page_view","customer_id":"%010d",`+
			`"event_timestamp":%d,"type":{"device":"%s","os":"Android 14","app_version":"7.%d.%d"},"session":{"id":"%016x","start":%d,"new":%t},`+
			`"user":{"name":"Ana Pérez","email":"ana.perez%d@example.com","tags":["a","b","gold"],"address":{"city":"Lisboa","zip":"1100-%03d","country":"PT"}},`+
			`"url":"https://shop.example.com/products/%d?ref=newsletter&utm_source=mail","referrer":"https://www.example.org/search?q=shoes",`+
			`"latency_ms":%d.%d,"status":200,"bytes":%d,"cached":false,"error":null,`+
			`"items":[{"sku":"X%d","qty":2,"price":9.99},{"sku":"Y%d","qty":1,"price":120.5}],`+
			`"headers":{"accept":"text/html,application/xhtml+xml","accept_language":"pt-PT,pt;q=0.9","user_agent":"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36"},`+
			`"message":"%s"}`,
			r.Uint32(), r.IntN(65536), r.IntN(4096), r.IntN(4096), r.Int64N(1<<48), r.Int64N(1e10), 1565382027+i*7,
			devices[i%3], r.IntN(20), r.IntN(100), r.Uint64(), 1565380000+i, i%2 == 0, r.IntN(1000), r.IntN(1000),
			r.IntN(100000), r.IntN(500), r.IntN(10), r.IntN(100000), r.IntN(1000), r.IntN(1000),
			strings.Repeat("the quick brown fox ", 4))
	}
	return out
}

const threeKeys = `{customer_id: .customer_id, device: .type.device, day: .event_timestamp|strftime("%Y-%m-%d")}`

func benchmarkExtract(b *testing.B, query string, extract func(*Query, *Keys, []byte) error) {
	q, err := Compile(query)
	if err != nil {
		b.Fatal(err)
	}
	records := events(1000)
	size := 0
	for _, r := range records {
		size += len(r)
	}
	b.SetBytes(int64(size / len(records)))
	b.ReportAllocs()
	var k Keys
	i := 0
	for b.Loop() {
		if err := extract(q, &k, records[i]); err != nil {
			b.Fatal(err)
		}
		if i++; i == len(records) {
			i = 0
		}
	}
}

// BenchmarkExtract is three keys with one strftime from events of a kilobyte.
func BenchmarkExtract(b *testing.B) { benchmarkExtract(b, threeKeys, (*Query).Extract) }

func BenchmarkExtractFull(b *testing.B) {
	benchmarkExtract(b, threeKeys, func(q *Query, k *Keys, r []byte) error { return q.extractFull(k, r) })
}

func BenchmarkExtractGeneric(b *testing.B) {
	benchmarkExtract(b, `{c: .customer_id[0:2], d: (.user.email|sub("@.*";"")), e: (.url|split("/")|.[2])}`, (*Query).Extract)
}

func BenchmarkReader(b *testing.B) {
	benchmarkExtract(b, ".", func(_ *Query, _ *Keys, record []byte) error {
		var r reader
		r.reset(record)
		_, err := r.read()
		return err
	})
}

func BenchmarkReduce(b *testing.B) {
	q, err := Compile(`reduce range(10000) as $i (0; . + $i * 2)`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := q.Run([]byte("null"), func([]byte) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
