package blueprints

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/hydrantkit/hydrant"
)

// accessEvent is an event of n lines in combined format, about 230 bytes each.
func accessEvent(n int) []byte {
	agents := [...]string{
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36",
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
		"Mozilla/5.0 (Windows NT 6.1; WOW64; rv:26.0) Gecko/20100101 Firefox/26.0",
	}
	records := make([][]byte, n)
	for i := range records {
		records[i] = fmt.Appendf(nil, `%d.%d.9.%d - - [17/May/2015:%02d:%02d:%02d +0000] "GET /presentations/logstash-%d/images/kibana-%d.png HTTP/1.1" 200 %d "http://semicomplete.com/presentations/logstash-%d/" "%s"`,
			83+i%50, i%200, i%250, i%24, i%60, i*7%60, i, i%99, 1000+i*31, i%17, agents[i%len(agents)])
	}
	return eventOf(records)
}

// BenchmarkInvoke is a whole invocation: event decoded, 6,000 records transformed, answer encoded.
func BenchmarkInvoke(b *testing.B) {
	event := accessEvent(6000)
	for _, name := range []string{"apache-log-to-json", "apache-log-to-csv", "general"} {
		b.Run(name, func(b *testing.B) {
			t, err := Named(name, func(string) string { return "" })
			if err != nil {
				b.Fatal(err)
			}
			h := hydrant.NewHandler(t)
			h.Metrics = io.Discard
			h.Log = slog.New(slog.DiscardHandler)
			b.SetBytes(int64(len(event)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Invoke(context.Background(), event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
