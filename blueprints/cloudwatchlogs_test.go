package blueprints

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant"
)

// putBack keeps what is put back, and refuses what it is told to.
type putBack struct {
	records []hydrant.Record
	refuse  bool
}

func (p *putBack) PutBack(_ context.Context, _ hydrant.Event, records []hydrant.Record) []error {
	errs := make([]error, len(records))
	for i := range records {
		if p.refuse {
			errs[i] = errors.New("slow down")
			continue
		}
		r := records[i]
		r.Data = append([]byte(nil), r.Data...)
		p.records = append(p.records, r)
	}
	return errs
}

// message is a subscription's message of events of size bytes each, the first with the number first.
func message(first, events, size int) []byte {
	text := []byte(`{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[`)
	for i := range events {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `{"id":"%d","timestamp":%d,"message":"%d `, first+i, first+i, first+i)
		text = append(text, strings.Repeat("x", size)...)
		text = append(text, `"}`...)
	}
	return gzipped(append(text, "]}"...))
}

// TestCloudWatchLogsEnds runs messages until nothing is put back any more: each event is delivered once, or its record has failed.
func TestCloudWatchLogsEnds(t *testing.T) {
	const mb = 1 << 20
	for _, tt := range []struct {
		name   string
		in     [][]byte
		want   string // results of the first pass
		failed int    // records, in all
		rounds int
		refuse bool
	}{
		{"three of 2.5 MB of base64", [][]byte{message(0, 1, 1875000), message(1, 1, 1875000), message(2, 1, 1875000), message(3, 1, 10)}, "Ok Ok Dropped Dropped", 0, 2, false},
		{"too large, split", [][]byte{message(0, 5, mb), message(5, 1, 10)}, "Dropped Ok", 0, 3, false},
		{"too large, one event", [][]byte{message(0, 1, 5*mb)}, "ProcessingFailed", 1, 1, false},
		{"too large and too much", [][]byte{message(0, 3, 3*mb), message(3, 2, mb), message(5, 2, mb), message(7, 1, mb)}, "Dropped Ok Ok Dropped", 0, 4, false},
		{"several messages joined", [][]byte{gzipped(slices.Concat(gunzip(t, message(0, 2, 2*mb)), []byte(`{"messageType":"CONTROL_MESSAGE"}`), gunzip(t, message(2, 1, 2*mb)), gunzip(t, message(3, 1, 10))))}, "Dropped", 0, 3, false},
		{"refused", [][]byte{message(0, 5, mb), message(5, 1, 10)}, "ProcessingFailed Ok", 1, 1, true},
	} {
		seen := map[string]int{}
		pending, failed, rounds, events := tt.in, 0, 0, 0
		for len(pending) > 0 {
			rounds++
			back := &putBack{refuse: tt.refuse}
			h := hydrant.NewHandler(CloudWatchLogs{})
			h.Reingest, h.Log = back, slog.New(slog.DiscardHandler)
			answer, err := h.Invoke(context.Background(), eventOf(pending))
			if err != nil {
				t.Fatal(err)
			}
			var a struct {
				Records []struct {
					Result string
					Data   []byte
				}
			}
			if err := json.Unmarshal(answer, &a); err != nil {
				t.Fatal(err)
			}
			var results []string
			chars := 0
			for _, r := range a.Records {
				results = append(results, r.Result)
				chars += base64.StdEncoding.EncodedLen(len(r.Data))
				if r.Result == "ProcessingFailed" {
					failed++
				}
				for line := range hydrant.Lines(r.Data) {
					number, _, _ := strings.Cut(string(line), " ")
					seen[number]++
					events++
				}
			}
			if got := strings.Join(results, " "); rounds == 1 && got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
			if chars > maxProjected {
				t.Errorf("%s: %d characters", tt.name, chars)
			}
			pending = nil
			for _, r := range back.records {
				pending = append(pending, r.Data)
			}
		}
		if failed != tt.failed || rounds != tt.rounds || len(seen) != events {
			t.Errorf("%s: %d failed after %d rounds, %d events of %d", tt.name, failed, rounds, len(seen), events)
		}
	}
}

// Without a Reingester nothing is put back: what is too large fails, and the rest is left to the budget of the answer.
func TestCloudWatchLogsWithoutReingester(t *testing.T) {
	tr := CloudWatchLogs{}
	got, err := tr.Transform(context.Background(), []hydrant.Record{{ID: "a", Data: message(0, 1, 10)}, {ID: "b", Data: message(1, 5, 1<<20)}})
	if err != nil || got[0].Status != hydrant.OK || got[1].Status != hydrant.ProcessingFailed {
		t.Errorf("%v, %v", got, err)
	}
}

// Keys that grow with every level are bounded by what an answer can hold.
func TestFlatKeysAreBounded(t *testing.T) {
	long := strings.Repeat("k", 100000)
	doc := []byte(`{"` + long + `":{"0":0`)
	for i := range 10000 {
		doc = fmt.Appendf(doc, `,"%d":1`, i+1)
	}
	doc = append(doc, "}}"...)
	for _, tr := range []hydrant.Transform{RudderStack{}.Rows(), JSONMap{Flatten: "_"}.JSON()} {
		got, err := tr.Transform(context.Background(), []hydrant.Record{{ID: "a", Data: doc}})
		if err != nil || got[0].Status != hydrant.ProcessingFailed {
			t.Errorf("%v, %v", got[0].Status, err)
		}
	}
}
