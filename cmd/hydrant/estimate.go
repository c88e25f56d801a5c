package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/input"
)

// How the service bills (operations.md §6).
const (
	billedStep  = 5 << 10 // a record counts as the next multiple, and an empty one as one
	billedMonth = 730.0   // hours
)

// An estimate is what a stream does in a month at the pace of a replay. The names of the members never change.
type estimate struct {
	Records          int64         `json:"records"` // that the door admitted
	Bytes            int64         `json:"bytes"`
	BilledBytes      int64         `json:"billedBytes"` // with the rounding
	RecordsPerSecond float64       `json:"recordsPerSecond"`
	BytesPerSecond   float64       `json:"bytesPerSecond"`
	ObjectsPerHour   float64       `json:"objectsPerHour"` // of data
	MeanObjectBytes  float64       `json:"meanObjectBytes"`
	Partitions       int           `json:"partitions"` // most in use at once
	Lambda           *lambdaPace   `json:"lambda"`     // null without a function
	JQMicroseconds   *float64      `json:"jqMicroseconds"`
	Month            []meterReport `json:"month"`
	Hours            float64       `json:"hoursPerMonth"`
	Gigabyte         int64         `json:"gigabyte"`
	Prices           *priceList    `json:"prices"` // null where none are known
}

// A lambdaPace is what the invocations took on this machine.
type lambdaPace struct {
	Invocations      int     `json:"invocations"`
	PerHour          float64 `json:"perHour"`
	MeanMilliseconds float64 `json:"meanMilliseconds"`
	MemoryMB         int     `json:"memoryMB"`
}

// A meterReport is one thing that is billed, in a month.
type meterReport struct {
	Name     string   `json:"name"`
	Quantity float64  `json:"quantity"`
	Unit     string   `json:"unit"`
	USD      *float64 `json:"usd"` // null where the price isn't known
}

type priceList struct {
	Region    string `json:"region"`
	Confirmed bool   `json:"confirmed"` // they are the user's own
	File      string `json:"file,omitempty"`
}

// billed is the size that a record is billed as.
func billed(n int) int64 { return (int64(max(n, 1)) + billedStep - 1) / billedStep * billedStep }

// A meter measures a replay for its estimate: it looks at what is read, at invocations, and at what is put.
type meter struct {
	stream *harness.Stream
	tariff *tariff
	memory int              // of the function, in MB
	now    func() time.Time // the stream's
	pace   pace
	clock  func() time.Time // that records arrive by; nil where they arrive at the pace, or say when they did

	mu sync.Mutex // invocations run at once, and a record may be read while the stream is stopped

	first, last      int64              // arrivals, in ms
	n, bytes, billed int64              // of what the door admitted
	opened           int64              // bytes behind decompression
	sample           [][]byte           // records as they came, or as the function answered them
	room             int                // for more of the sample, in bytes
	groups           map[string][]event // objects, by kind and folder
	order            []string           // of groups
	calls            []event
	took             time.Duration
	ms               float64 // begun milliseconds, which is what is billed
}

// An event is an invocation or a put, at a time of the stream.
type event struct {
	at    time.Time
	size  int // bytes of an invocation's event, records of an object
	bytes int // of an object
}

const (
	sampleBytes = 4 << 20
	sampleMost  = 2000
)

func newMeter(s *harness.Stream, t *tariff, memory int, p pace) *meter {
	return &meter{stream: s, tariff: t, memory: memory, pace: p, room: sampleBytes, groups: map[string][]event{}}
}

// meteredRecords are records that a meter sees.
type meteredRecords struct {
	harness.Records
	m *meter
}

// Next reads a record and counts it.
func (r meteredRecords) Next() (input.Record, error) {
	rec, err := r.Records.Next()
	if err != nil {
		return rec, err
	}
	m := r.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clock != nil {
		rec.Arrival = m.clock().UnixMilli()
	} else {
		m.pace.date(&rec)
	}
	if m.stream.Source == harness.DirectPut && len(rec.Data) > harness.MaxPut {
		return rec, nil // refused: it isn't billed
	}
	if m.n == 0 {
		m.first, m.last = rec.Arrival, rec.Arrival
	}
	m.first, m.last = min(m.first, rec.Arrival), max(m.last, rec.Arrival)
	m.n++
	m.bytes += int64(len(rec.Data))
	m.billed += billed(len(rec.Data))
	if m.stream.Lambda == nil {
		m.keep(rec.Data)
	}
	if m.stream.Decompress != nil {
		if z, f, err := compress.NewReader(bytes.NewReader(rec.Data)); err == nil && f != compress.Uncompressed {
			n, _ := io.Copy(io.Discard, io.LimitReader(z, 64<<20)) // what can't be decompressed isn't billed as such
			m.opened += n
			z.Close() //nolint:errcheck // it was read
		}
	}
	return rec, nil
}

// keep puts a record into the sample, while there is room.
func (m *meter) keep(data []byte) {
	if len(m.sample) < sampleMost && len(data) <= m.room {
		m.sample = append(m.sample, bytes.Clone(data))
		m.room -= len(data)
	}
}

// A meteredInvoker is a function whose invocations a meter times.
type meteredInvoker struct {
	lambda.Invoker
	m *meter
}

// Invoke invokes the function.
func (i meteredInvoker) Invoke(ctx context.Context, e []byte) ([]byte, error) {
	began := time.Now()
	response, err := i.Invoker.Invoke(ctx, e)
	took := time.Since(began)
	m := i.m
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, event{at: m.now(), size: len(e)})
	m.took += took
	m.ms += math.Ceil(float64(took) / float64(time.Millisecond))
	if err == nil && m.room > 0 && len(m.sample) < sampleMost {
		answers, _ := lambda.Check(e, response)
		for _, a := range answers {
			if a.Result == "Ok" {
				m.keep(a.Data)
			}
		}
	}
	return response, err
}

// A meteredBucket is one whose objects a meter counts.
type meteredBucket struct {
	s3.Bucket
	m *meter
}

// Put puts o and counts it.
func (b meteredBucket) Put(ctx context.Context, o s3.Object) error {
	if err := b.Bucket.Put(ctx, o); err != nil {
		return err
	}
	m := b.m
	group := o.Kind + "/" + folder(o.Key, m.stream.Name)
	if m.groups[group] == nil {
		m.order = append(m.order, group)
	}
	m.groups[group] = append(m.groups[group], event{at: m.now(), size: o.Records, bytes: len(o.Body)})
	return nil
}

// folder is a key without the name that the service gives an object.
func folder(key, stream string) string {
	if i := strings.LastIndex(key, stream+"-"); i >= 0 {
		return key[:i]
	}
	return key
}

// estimate is the account at the end of a replay; nil where the records have no pace.
func (m *meter) estimate(l *harness.Ledger) (*estimate, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := &estimate{Records: m.n, Bytes: m.bytes, BilledBytes: m.billed, Partitions: l.MostPartitions, Hours: billedMonth, Gigabyte: m.tariff.gigabyte}
	n := float64(m.n)
	// The last record begins a gap too, of which nothing is known but the mean.
	span := float64(m.last-m.first) / 1000
	if m.n < 2 || span <= 0 {
		return nil, nil
	}
	span *= n / (n - 1)
	e.RecordsPerSecond, e.BytesPerSecond = n/span, float64(m.bytes)/span
	if t := m.tariff; t.region == "" || t.region == m.stream.Region {
		e.Prices = &priceList{Region: m.stream.Region, Confirmed: t.file != "", File: t.file}
	}
	month := billedMonth * 3600 / span // how often the replay fits
	bill := func(name string, quantity float64, unit string) {
		r := meterReport{Name: name, Quantity: quantity * month, Unit: unit}
		if name == "ingestion" && m.stream.Source == harness.MSK {
			name = ingestionMSK
		}
		if tiers := m.tariff.prices[name]; tiers != nil && e.Prices != nil {
			v := cost(tiers, r.Quantity)
			r.USD = &v
		}
		e.Month = append(e.Month, r)
	}
	gb := func(n int64) float64 { return float64(n) / float64(m.tariff.gigabyte) }
	bill("data", gb(m.bytes), "GB")
	if m.stream.Source == harness.MSK { // isn't rounded
		bill("ingestion", gb(m.bytes), "GB")
	} else {
		bill("ingestion", gb(m.billed), "GB")
	}
	if m.stream.Decompress != nil {
		bill("decompression", gb(m.opened), "GB")
	}
	if m.stream.Conversion != nil {
		bill("format conversion", gb(m.billed), "GB")
	}
	var objects, data float64 // in the time of the replay, as if it had gone on
	var bytes, dataBytes int64
	mean := m.meanRecord()
	for _, g := range m.order {
		list := m.groups[g]
		hints := m.stream.S3.Hints
		switch {
		case strings.HasPrefix(g, s3.Backup+"/") && m.stream.Backup != nil:
			hints = m.stream.Backup.Hints
		case strings.HasPrefix(g, s3.Error+"/"):
			hints = harness.ErrorHints
		}
		w := m.steady(list, span, hints.Interval, mean/float64(hints.Size))
		objects += w
		for _, o := range list {
			bytes += int64(o.bytes)
		}
		if strings.HasPrefix(g, s3.Data+"/") {
			data += w
			for _, o := range list {
				dataBytes += int64(o.bytes)
			}
		}
	}
	e.ObjectsPerHour = data / span * 3600
	if data > 0 {
		e.MeanObjectBytes = float64(dataBytes) / data
	}
	if g := m.stream.Partitioning; g != nil {
		bill("partitioned data", gb(dataBytes), "GB")
		bill("partitioned objects", data, "objects")
		if g.Query != nil {
			us, err := m.timeQuery()
			if err != nil {
				return nil, err
			}
			e.JQMicroseconds = &us
			bill("jq", us/1e6/3600*float64(l.Keys.In), "hours")
		}
	}
	if m.stream.Lambda != nil {
		e.Lambda = &lambdaPace{Invocations: len(m.calls), MemoryMB: m.memory}
		if k := float64(len(m.calls)); k > 0 {
			h := m.stream.Lambda.Hints
			events := 0
			for _, c := range m.calls {
				events += c.size
			}
			// Hints count what records are put as, or what they are when they have been opened.
			w := m.steady(m.calls, span, h.Interval, float64(max(m.bytes, m.opened))/float64(events)/float64(h.Size))
			e.Lambda.PerHour = w / span * 3600
			e.Lambda.MeanMilliseconds = float64(m.took) / float64(time.Millisecond) / k
			bill("lambda invocations", w, "invocations")
			bill("lambda duration", w*m.ms/k/1000*float64(m.memory)/1024, "GB-seconds")
		}
	}
	bill("s3 puts", objects, "requests")
	bill("s3 data", gb(bytes), "GB")
	return e, nil
}

// steady is how many of the cuts of one buffer there would have been in the time of the replay, had records gone on to come. Cuts
// behind the last record were made because none came any more: they count for as much as they hold of the others, and
// where there are no others, for the time of the replay as a share of the interval, or for what they fill of the size
// where that would have been reached first. unit is what one unit of a cut's size fills.
func (m *meter) steady(cuts []event, span float64, interval time.Duration, unit float64) float64 {
	var n, rest, others, left int
	for _, c := range cuts {
		if c.at.After(time.UnixMilli(m.last)) {
			rest++
			left += c.size
		} else {
			n++
			others += c.size
		}
	}
	share := max(span/max(interval, harness.ImmediateInterval).Seconds(), float64(left)*unit)
	if n > 0 {
		share = float64(left) * float64(n) / float64(max(others, 1))
	}
	return float64(n) + min(float64(rest), share)
}

// records opens the sample as the stations before partitioning do, where no function did.
func (m *meter) records() ([]record.Record, error) {
	list := make([]record.Record, len(m.sample))
	for i, data := range m.sample {
		list[i] = record.Record{Seq: uint64(i), Data: data, Raw: data, Arrival: m.last}
	}
	if m.stream.Lambda != nil {
		return list, nil
	}
	now := time.UnixMilli(m.last)
	if d := m.stream.Decompress; d != nil {
		o, err := d.Process(context.Background(), now, 1, list)
		if err != nil {
			return nil, err
		}
		list = o.Out
	}
	if d := m.stream.Deaggregate; d != nil {
		o, err := d.Process(context.Background(), now, 1, list)
		if err != nil {
			return nil, err
		}
		list = o.Out
	}
	return list, nil
}

// meanRecord is the mean size of records in the delivery buffers, by the sample.
func (m *meter) meanRecord() float64 {
	list, err := m.records()
	if err != nil || len(list) == 0 {
		return 0
	}
	sum := 0
	for i := range list {
		sum += len(list[i].Data)
	}
	return float64(sum) / float64(len(list))
}

// timeQuery is how many microseconds the partition query takes for a record of the sample, the least of some passes.
func (m *meter) timeQuery() (float64, error) {
	list, err := m.records()
	if err != nil || len(list) == 0 {
		return 0, err
	}
	g := m.stream.Partitioning
	best := time.Duration(math.MaxInt64)
	for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
		keys := partition.New(g.Query, g.Clock, m.stream.S3.Prefix.QueryKeys(), nil)
		in := append([]record.Record(nil), list...)
		pass := time.Now()
		if _, err := keys.Process(context.Background(), time.UnixMilli(m.last), 1, in); err != nil {
			return 0, err
		}
		best = min(best, time.Since(pass))
	}
	return float64(best) / float64(time.Microsecond) / float64(len(list)), nil
}

// text is the estimate for people.
func (e *estimate) text() string {
	if e == nil {
		return "\nNo estimate: the records came at one instant, so they have no pace. Say when they arrived, or a --rate.\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nAt this pace, %s records and %s a second, in a month of %.0f hours:\n", number(e.RecordsPerSecond), bytesText(int(e.BytesPerSecond)), e.Hours)
	var usd float64
	for _, r := range e.Month {
		price := ""
		if r.USD != nil {
			price = fmt.Sprintf("$%.2f", *r.USD)
			usd += *r.USD
		}
		note := ""
		switch {
		case r.Name == "ingestion" && r.Quantity > e.Month[0].Quantity:
			note = "each record rounded up to 5 KiB"
		case r.Name == "jq" && e.JQMicroseconds != nil:
			note = fmt.Sprintf("%.1f µs a record, measured here", *e.JQMicroseconds)
		case r.Name == "lambda duration" && e.Lambda != nil:
			note = fmt.Sprintf("mean %.1f ms at %d MB, measured here", e.Lambda.MeanMilliseconds, e.Lambda.MemoryMB)
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-19s %10s %-11s %9s  %s", r.Name, number(r.Quantity), r.Unit, price, note), " ") + "\n")
	}
	fmt.Fprintf(&b, "%s objects an hour, mean %s; %s in use\n", number(e.ObjectsPerHour), bytesText(int(e.MeanObjectBytes)), plural(int64(e.Partitions), "partition"))
	switch {
	case e.Prices == nil:
	case e.Prices.Confirmed:
		fmt.Fprintf(&b, "$%.2f by the prices in %s\n", usd, e.Prices.File)
	default:
		fmt.Fprintf(&b, "$%.2f by prices of %s that are not confirmed; look at the price page. Lambda and S3 have their own\n", usd, e.Prices.Region)
	}
	return b.String()
}

// number prints a quantity with three digits at least.
func number(v float64) string {
	switch {
	case v >= 100:
		return count(int64(math.Round(v)))
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
