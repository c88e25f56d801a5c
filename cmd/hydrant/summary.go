package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// A summary is what a replay did, as --json prints it. The names and the order of the members never change.
type summary struct {
	In            int64            `json:"in"`
	Delivered     int64            `json:"delivered"`
	Dropped       int64            `json:"dropped"`
	Failed        int64            `json:"failed"`
	Failures      map[string]int64 `json:"failures"`
	Invocations   int64            `json:"invocations"`
	Retries       int64            `json:"retries"`
	Objects       []objectSummary  `json:"objects"`
	Partitions    int              `json:"partitions"`
	StreamSeconds float64          `json:"streamSeconds"`
	WallSeconds   float64          `json:"wallSeconds"`
	Added         int64            `json:"added"`
	Lost          int64            `json:"lost"`
	Held          int64            `json:"held"`
	Stations      []stationSummary `json:"stations"`

	codes []string
}

type objectSummary struct {
	Kind            string  `json:"kind"`
	Bucket          string  `json:"bucket"`
	Key             string  `json:"key"`
	Bytes           int     `json:"bytes"`
	Records         int     `json:"records"`
	ContentType     string  `json:"contentType"`
	ContentEncoding *string `json:"contentEncoding"`
}

type stationSummary struct {
	Name    string `json:"name"`
	In      int64  `json:"in"`
	Added   int64  `json:"added"`
	Out     int64  `json:"out"`
	Dropped int64  `json:"dropped"`
	Failed  int64  `json:"failed"`
	Held    int64  `json:"held"`
}

func newSummary(l harness.Ledger, objects []s3.Object, stream, wall time.Duration) *summary {
	s := &summary{
		In: l.In(), Delivered: l.Delivered(), Dropped: l.Dropped(), Failed: l.Failed(), Failures: l.Failures,
		Invocations: l.Invoked, Retries: l.Retried, Partitions: l.Partition, StreamSeconds: stream.Seconds(),
		WallSeconds: wall.Seconds(), Added: l.Added(), Lost: l.Lost, Held: l.Held(), codes: l.FailureCodes(),
		Objects: []objectSummary{},
	}
	if s.Failures == nil {
		s.Failures = map[string]int64{}
	}
	for _, o := range objects {
		e := objectSummary{Kind: o.Kind, Bucket: o.Bucket, Key: o.Key, Bytes: o.Size, Records: o.Records, ContentType: o.ContentType}
		if o.ContentEncoding != "" {
			e.ContentEncoding = &o.ContentEncoding
		}
		s.Objects = append(s.Objects, e)
	}
	for _, st := range l.Stations() {
		s.Stations = append(s.Stations, stationSummary{st.Name, st.In, st.Added, st.Out, st.Dropped, st.Failed, st.Held})
	}
	return s
}

// agree compares the ledger with the objects that were put: another count of the same records.
func (s *summary) agree() error {
	var data int64
	for _, o := range s.Objects {
		if o.Kind == s3.Data {
			data += int64(o.Records)
		}
	}
	if data != s.Delivered {
		return fmt.Errorf("records are not accounted for: the ledger has %d delivered, the objects hold %d", s.Delivered, data)
	}
	if got := s.Delivered + s.Dropped + s.Failed + s.Lost + s.Held; got != s.In+s.Added {
		return fmt.Errorf("records are not accounted for: in %d + added %d, but %d at the other end", s.In, s.Added, got)
	}
	return nil
}

func (s *summary) print(w io.Writer, f *replayFlags, p *plan) error {
	if f.json {
		b, err := json.Marshal(s)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", b)
		return err
	}
	if f.quiet {
		return nil
	}
	var b strings.Builder
	stream := p.description.Stream
	fmt.Fprintf(&b, "%s (%s)\n\n", stream.Name, p.source)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "station\tin\tout\tdropped\tfailed\theld\t \n")
	for _, st := range s.Stations {
		if st.Name == "lambda" && stream.Lambda == nil || st.Name == "errors" && st.In == 0 {
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t %s\n", st.Name, count(st.In), count(st.Out), count(st.Dropped), count(st.Failed), count(st.Held), p.note(st.Name, s))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\nin %s", count(s.In))
	if s.Added > 0 {
		fmt.Fprintf(&b, " + added %s", count(s.Added))
	}
	fmt.Fprintf(&b, " = delivered %s + dropped %s + failed %s", count(s.Delivered), count(s.Dropped), count(s.Failed))
	if s.Lost > 0 {
		fmt.Fprintf(&b, " + LOST %s", count(s.Lost))
	}
	if s.Held > 0 {
		fmt.Fprintf(&b, " + HELD %s (not delivered; gone when this command ends)", count(s.Held))
	}
	b.WriteString("\n")
	for _, c := range s.codes {
		fmt.Fprintf(&b, "  %s  %s\n", count(s.Failures[c]), c)
	}
	const most = 8
	var size int
	for _, o := range s.Objects {
		size += o.Bytes
	}
	if n := len(s.Objects); n > 0 {
		fmt.Fprintf(&b, "\n%s objects, %s, mean %s, under %s\n", count(int64(n)), bytesText(size), bytesText(size/n), f.out)
	}
	for i, o := range s.Objects {
		if i == most {
			fmt.Fprintf(&b, "  … and %d more; --json lists them all\n", len(s.Objects)-most)
			break
		}
		fmt.Fprintf(&b, "  %s/%s  %s, %s records\n", o.Bucket, o.Key, bytesText(o.Bytes), count(int64(o.Records)))
	}
	fmt.Fprintf(&b, "\n%s of stream time in %.2f s\n", time.Duration(s.StreamSeconds*float64(time.Second)).Round(time.Second), s.WallSeconds)
	_, err := io.WriteString(w, b.String())
	return err
}

// note says what a station is.
func (p *plan) note(station string, s *summary) string {
	stream := p.description.Stream
	switch station {
	case "source":
		return strings.Join(p.inputs, ", ")
	case "lambda":
		note := fmt.Sprintf("%s: %d invocations", p.how, s.Invocations)
		if s.Retries > 0 {
			note += fmt.Sprintf(", %d retries", s.Retries)
		}
		return note
	case "buffer":
		return fmt.Sprintf("%d MiB or %v", stream.S3.Hints.Size/harness.MiB, stream.S3.Hints.Interval)
	case "delivery":
		if c := stream.Conversion; c != nil {
			format := "Parquet"
			if c.Options.ORC != nil {
				format = "ORC"
			}
			return fmt.Sprintf("%s by %s.%s", format, c.Database, c.Table)
		}
		return stream.S3.Compression.String()
	}
	return "error output"
}

// count prints a number with thousands apart.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText prints a size for people.
func bytesText(n int) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}
