package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/replaytest"
)

// TestBilled is the vectors of operations.md §6.
func TestBilled(t *testing.T) {
	for _, tt := range []struct {
		size int
		want int64
	}{{0, 5120}, {1, 5120}, {5120, 5120}, {5121, 10240}, {3 << 10, 5120}, {12 << 10, 15360}} {
		if got := billed(tt.size); got != tt.want {
			t.Errorf("billed(%d) = %d, want %d", tt.size, got, tt.want)
		}
	}
	if got, want := cost(ourTariff.prices["ingestion"], 2001<<10), float64(500<<10)*0.029+float64(1500<<10)*0.025+1024*0.020; math.Abs(got-want) > 1e-6 {
		t.Errorf("cost = %v, want %v", got, want)
	}
}

// estimated replays and returns the estimate.
func estimated(t *testing.T, template, input string, args ...string) (*estimate, map[string]float64) {
	t.Helper()
	dir := folderOf(t, "template.yaml", template, "in", input)
	s := printed[struct{ Estimate *estimate }](t, exitOK, dir, "", append([]string{"replay", "--estimate", "--json", "in"}, args...)...)
	if s.Estimate == nil {
		return nil, nil
	}
	month := map[string]float64{}
	for _, m := range s.Estimate.Month {
		month[m.Name] = m.Quantity
	}
	return s.Estimate, month
}

func near(a, b float64) bool { return math.Abs(a-b) <= 0.01*math.Abs(b) }

// TestEstimate: quantities of a month, which don't depend on how long the sample is.
func TestEstimate(t *testing.T) {
	const gib = 1 << 30
	for _, seconds := range []int{2, 30, 60, 90, 600} {
		// Ten records of 100 bytes a second for two partitions of which each fills 64 MiB in days: an object a minute each.
		var b strings.Builder
		for i := range 10 * seconds {
			fmt.Fprintf(&b, "{\"k\":%d,\"x\":\"%s\"}\n", i%2, strings.Repeat("x", 86))
		}
		e, month := estimated(t, partitioned, b.String(), "--rate", "10/s")
		if !near(e.RecordsPerSecond, 10) || !near(e.BytesPerSecond, 1000) || e.Partitions != 2 || e.BilledBytes != 5120*int64(10*seconds) {
			t.Errorf("%d s: %+v", seconds, e)
		}
		if !near(e.ObjectsPerHour, 120) || !near(e.MeanObjectBytes, 300*100) {
			t.Errorf("%d s: %v objects an hour of %v bytes, want 120 of 30000", seconds, e.ObjectsPerHour, e.MeanObjectBytes)
		}
		const month730 = 730 * 3600
		for name, want := range map[string]float64{"data": 1000.0 * month730 / gib, "ingestion": 51200.0 * month730 / gib, "partitioned data": 1000.0 * month730 / gib,
			"partitioned objects": 2 * 60 * 730, "s3 puts": 2 * 60 * 730} {
			if !near(month[name], want) {
				t.Errorf("%d s: %s is %v, want %v", seconds, name, month[name], want)
			}
		}
		if e.JQMicroseconds == nil || *e.JQMicroseconds <= 0 || !near(month["jq"], *e.JQMicroseconds/1e6/3600*10*month730) {
			t.Errorf("%d s: jq %v, %v hours", seconds, e.JQMicroseconds, month["jq"])
		}
		if e.Lambda != nil {
			t.Errorf("lambda %v", e.Lambda)
		}
	}
}

// TestEstimateSize: a buffer that fills before its interval, in samples that fill it and in one that doesn't.
func TestEstimateSize(t *testing.T) {
	line := strings.Repeat("x", 1023) // with its delimiter 1 KiB
	for _, records := range []int{700, 3000, 10000} {
		e, month := estimated(t, strings.Replace(clicks, "CompressionFormat: GZIP", "CompressionFormat: UNCOMPRESSED", 1), strings.Repeat(line+"\n", records), "--rate", "100/s", "--region", "eu-west-1")
		if want := 3600 * 100.0 * 1023 / (1 << 20); math.Abs(e.ObjectsPerHour-want) > 0.05*want {
			t.Errorf("%d records: %v objects an hour, want about %v", records, e.ObjectsPerHour, want)
		}
		if e.Prices != nil || e.Month[1].USD != nil || month["ingestion"] == 0 {
			t.Errorf("prices of a region that has none here: %+v", e)
		}
	}
}

// TestEstimatePrices: prices of a file are the only ones, tiers and the gigabyte among them.
func TestEstimatePrices(t *testing.T) {
	dir := t.TempDir()
	prices := filepath.Join(dir, "prices.yaml")
	write(t, dir, "prices.yaml", "region: us-east-1\ngigabyte: 1000\nprices:\n  ingestion: [{upTo: 1000, usd: 2}, {usd: 1}]\n  s3 puts: 0.5\n")
	e, month := estimated(t, clicks, strings.Repeat("x\n", 100), "--rate", "1/s", "--prices", prices)
	if e.Gigabyte != 1000 || !near(month["ingestion"], 5.12*730*3600) || e.Prices == nil || !e.Prices.Confirmed || e.Prices.File != prices {
		t.Errorf("%+v, %v", e, month)
	}
	for _, m := range e.Month {
		want := map[string]float64{"ingestion": m.Quantity + 1000, "s3 puts": m.Quantity / 2}[m.Name]
		if (m.USD != nil) != (want != 0) || want != 0 && !near(*m.USD, want) {
			t.Errorf("%s: %v", m.Name, m.USD)
		}
	}
	for text, want := range map[string]string{
		"region: eu-west-1":                          "are for eu-west-1, and the stream is in us-east-1",
		"prices: {bandwidth: 1}":                     "prices.yaml:1:10: there is no price of bandwidth",
		"prices: {jq: -1}":                           "prices.yaml:1:14: a price is not negative",
		"prices: {jq: [{upTo: 3, usd: 1}]}":          "the last tier has no end",
		"prices: {jq: [{upTo: 0, usd: 1},{usd: 1}]}": "a tier ends above",
		"prices: {jq: [{usd: 1},{usd: 1}]}":          "prices.yaml:1:15: a tier needs upTo",
		"prices: {jq: [1]}":                          "prices.yaml:1:15: a tier needs usd",
		"prices: {jq: []}":                           "there is no tier",
		"gigabyte: 0":                                "a gigabyte has bytes",
		"tax: 1":                                     "there is no member tax",
		"[]":                                         "prices are an object",
	} {
		write(t, dir, "template.yaml", clicks)
		write(t, dir, "prices.yaml", text)
		if _, errs, status := command(t, dir, "a\n", "replay", "--estimate", "--prices", "prices.yaml", "-"); status != 2 || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d, %s", text, status, errs)
		}
	}
}

// TestEstimateFunction: invocations are counted and timed, conversion is billed.
func TestEstimateFunction(t *testing.T) {
	e := printed[struct{ Estimate *estimate }](t, exitOK, t.TempDir(), "", "replay", "--json", "--estimate").Estimate
	if l := e.Lambda; l == nil || l.Invocations != 3 || l.MemoryMB != 256 || l.MeanMilliseconds <= 0 || l.PerHour < 500 || l.PerHour > 1000 {
		t.Errorf("%+v", l)
	}
	var names []string
	for _, m := range e.Month {
		names = append(names, m.Name)
	}
	if got, want := strings.Join(names, ", "), "data, ingestion, format conversion, lambda invocations, lambda duration, s3 puts, s3 data"; got != want {
		t.Errorf("meters are %s, want %s", got, want)
	}
	text, _, _ := command(t, t.TempDir(), "", "replay", "--estimate")
	for _, part := range []string{"At this pace, 1,000 records and 230 KiB a second, in a month of 730 hours:", "each record rounded up to 5 KiB", "60.0 objects an hour", "prices of us-east-1 that are not confirmed"} {
		if !strings.Contains(text, part) {
			t.Errorf("it lacks %q:\n%s", part, text)
		}
	}
}

// TestEstimateWithoutPace: one record says nothing of a month.
func TestEstimateWithoutPace(t *testing.T) {
	if e, _ := estimated(t, clicks, "a\n"); e != nil {
		t.Errorf("%+v", e)
	}
}

// TestEstimateNow: with the wall clock records arrive when they are read, whatever they say.
func TestEstimateNow(t *testing.T) {
	s := &harness.Stream{Name: "s", Region: "us-east-1"}
	m := newMeter(s, ourTariff, 0, pace{start: time.Unix(0, 0), rate: 1000})
	now := time.Unix(1_800_000_000, 0)
	m.clock = func() time.Time { now = now.Add(time.Second); return now }
	in := meteredRecords{oneRecord{}, m}
	for range 10 {
		if _, err := in.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if e, err := m.estimate(&harness.Ledger{}); err != nil || !near(e.RecordsPerSecond, 1) || !near(e.BytesPerSecond, 3) {
		t.Errorf("%+v, %v", e, err)
	}
}

// oneRecord is the same record again and again.
type oneRecord struct{}

func (oneRecord) Next() (input.Record, error) {
	return input.Record{Data: []byte("abc"), HasArrival: true, Arrival: 1}, nil
}

// TestEstimateInterrupted: while the estimate of an interrupted run is made, one more record may be read.
func TestEstimateInterrupted(t *testing.T) {
	t.Chdir(folderOf(t, "template.yaml", clicks))
	ctx, cancel := context.WithCancel(context.Background())
	out, errs, status := commandFrom(ctx, interrupting(cancel), "replay", "--clock", "now", "--estimate", "--json", "--input-format", "lines", "-")
	var s replaytest.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil || status != exitInterrupt || s.In == 0 || s.In != s.Delivered {
		t.Errorf("status %d, %+v, %v %s", status, s, err, errs)
	}
}
