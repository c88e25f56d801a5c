// Command generate writes records of about a kilobyte, as application logs look: the same bytes for the same size.
//
//	go run ./generate -bytes 100000000 > records.ndjson
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
)

func main() {
	size := flag.Int64("bytes", 100_000_000, "how many bytes, to the end of a record")
	flag.Parse()
	if err := write(os.Stdout, *size); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(w io.Writer, size int64) (err error) {
	out := bufio.NewWriterSize(w, 1<<20)
	defer func() { err = errors.Join(err, out.Flush()) }()
	r := rand.New(rand.NewPCG(1, 2))
	for i, written := 0, int64(0); written < size; i++ {
		n, err := fmt.Fprintln(out, event(r, i))
		if err != nil {
			return err
		}
		written += int64(n)
	}
	return nil
}

func event(r *rand.Rand, i int) string {
	words := strings.Fields("order basket payment shipped délivré returned refund stock warehouse carrier \\\"gift\\\" voucher")
	var message strings.Builder
	for range 12 + r.IntN(24) {
		message.WriteString(words[r.IntN(len(words))])
		message.WriteByte(' ')
	}
	return fmt.Sprintf(`{"event_id":"%08x-%04x-4%03x-a%03x-%012x","event_type":"%s","customer_id":"%010d",`+
		`"event_timestamp":%d,"type":{"device":"%s","os":"Android 14","app_version":"7.%d.%d"},"session":{"id":"%016x","start":%d,"new":%t},`+
		`"user":{"name":"Ana Pérez","email":"ana.perez%d@example.com","tags":["a","b","gold"],"address":{"city":"Lisboa","zip":"1100-%03d","country":"PT"}},`+
		`"url":"https://shop.example.com/products/%d?ref=newsletter&utm_source=mail","referrer":"https://www.example.org/search?q=shoes",`+
		`"latency_ms":%d.%d,"status":200,"bytes":%d,"cached":false,"error":null,`+
		`"items":[{"sku":"X%d","qty":2,"price":9.99},{"sku":"Y%d","qty":1,"price":120.5}],`+
		`"headers":{"accept":"text/html,application/xhtml+xml","accept_language":"pt-PT,pt;q=0.9","user_agent":"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36"},`+
		`"message":"%s"}`,
		r.Uint32(), r.IntN(65536), r.IntN(4096), r.IntN(4096), r.Int64N(1<<48), []string{"page_view", "purchase", "search"}[r.IntN(3)],
		r.Int64N(1e10), 1_565_382_027+i*7, []string{"mobile", "tablet", "desktop"}[r.IntN(3)], r.IntN(20), r.IntN(100),
		r.Uint64(), 1_565_380_000+i, i%2 == 0, r.IntN(1000), r.IntN(1000), r.IntN(100_000), r.IntN(500), r.IntN(10),
		r.IntN(100_000), r.IntN(1000), r.IntN(1000), message.String())
}
