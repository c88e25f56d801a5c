package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/replaytest"
)

// printSummary prints what a replay did: for people, or as one JSON object.
func printSummary(w io.Writer, s *replaytest.Summary, e *estimate, l *harness.Ledger, f *replayFlags, p *plan) error {
	if f.json {
		var v any = s
		if f.estimate {
			v = struct {
				*replaytest.Summary
				Estimate *estimate `json:"estimate"` // null where the records have no pace
			}{s, e}
		}
		b, err := json.Marshal(v)
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
	b.WriteString(p.drawing(s))
	fmt.Fprintf(&b, "\nin %s", count(s.In))
	if s.Added > 0 {
		fmt.Fprintf(&b, " + added %s", count(s.Added))
	}
	fmt.Fprintf(&b, " = delivered %s + dropped %s + failed %s", count(s.Delivered), count(s.Dropped), count(s.Failed))
	if s.Lost > 0 {
		fmt.Fprintf(&b, " + LOST %s", count(s.Lost))
	}
	fate := "gone when this command ends"
	if f.state != "" {
		fate = "kept in " + f.state
	}
	if s.Held > 0 {
		fmt.Fprintf(&b, " + HELD %s (not delivered; %s)", count(s.Held), fate)
	}
	b.WriteString("\n")
	if n := l.Errors.Held; n > 0 { // that failed, and are not in s.Held
		fmt.Fprintf(&b, "  HELD %s of the error output (not written; %s)\n", plural(n, "line"), fate)
	}
	if n := l.Backup.Held; n > 0 {
		fmt.Fprintf(&b, "  HELD %s of the source backup (not written; %s)\n", plural(n, "record"), fate)
	}
	if n := l.Backup.Failed; n > 0 {
		fmt.Fprintf(&b, "  LOST %s of the source backup\n", plural(n, "record"))
	}
	for _, c := range s.Codes() {
		fmt.Fprintf(&b, "  %s  %s\n", count(s.Failures[c]), c)
	}
	if n := l.Malformed; n > 0 {
		fmt.Fprintf(&b, "  notice: %s of the Kinesis Producer Library can't be read: taken as plain\n", plural(n, "aggregate"))
	}
	if stream.Partitioning != nil {
		b.WriteString(p.partitions(s, l, f.partitions))
	}
	const most = 8
	n, size, unlisted := len(s.Objects), 0, 0
	for _, o := range s.Objects {
		size += o.Bytes
	}
	for _, t := range s.Unlisted {
		unlisted += t.Objects
		size += int(t.Bytes)
	}
	if n += unlisted; n > 0 {
		fmt.Fprintf(&b, "\n%s, %s, mean %s, under %s\n", plural(int64(n), "object"), bytesText(size), bytesText(size/n), f.out)
	}
	if unlisted > 0 {
		fmt.Fprintf(&b, "  … the first %s are not listed\n", count(int64(unlisted)))
	}
	for i, o := range s.Objects {
		if i == most {
			fmt.Fprintf(&b, "  … and %d more; --json lists them all\n", len(s.Objects)-most)
			break
		}
		fmt.Fprintf(&b, "  %s  %s, %s\n", onOneLine(o.Bucket+"/"+o.Key), bytesText(o.Bytes), plural(int64(o.Records), "record"))
	}
	fmt.Fprintf(&b, "\n%s of stream time in %.2f s\n", time.Duration(s.StreamSeconds*float64(time.Second)).Round(time.Second), s.WallSeconds)
	if f.estimate {
		b.WriteString(e.text())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// objectNames finds what follows the stream in an object's name: version, time and the beginning of an id (s3-delivery.md §4).
var objectNames = regexp.MustCompile(`-[0-9]+-[0-9]{4}(-[0-9]{2}){5}-[0-9a-f]{8}-`)

// partitions says how many there were over time, and which hold most. limit is how many may be open at once.
func (p *plan) partitions(s *replaytest.Summary, l *harness.Ledger, limit int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s, most %s at once of %s", plural(int64(l.Partitions), "partition"), count(int64(l.MostPartitions)), count(int64(limit)))
	if c := l.OpenPartitions; len(c.Most) > 1 {
		fmt.Fprintf(&b, "; over time %s, %v each", spark(c.Most), c.Span)
	}
	b.WriteString("\n")
	if n := s.Failures[partition.CodeLimitExceeded]; n > 0 {
		fmt.Fprintf(&b, "  over the limit: %s of further partitions failed", plural(n, "record"))
		if limit < partition.MaxActive {
			fmt.Fprintf(&b, "; the quota can be raised to %s (--active-partitions)", count(partition.MaxActive))
		}
		b.WriteString("\n")
	} else if 10*l.MostPartitions >= 8*limit {
		fmt.Fprintf(&b, "  near the limit: beyond %s, records of further partitions fail\n", count(int64(limit)))
	}
	for _, k := range l.OddKeys {
		fmt.Fprintf(&b, "  notice: values of the key %s hold a /, .. or control characters, in %s; they stand in object keys as they are: %.60q\n",
			k.Name, plural(k.Partitions, "partition"), k.Value)
	}
	type group struct {
		prefix         string
		objects, bytes int
		records        int64
	}
	groups := map[string]*group{}
	var order []*group // of the objects that are listed
	for _, o := range s.Objects {
		if o.Kind != s3.Data {
			continue
		}
		prefix := o.Key
		if names := objectNames.FindAllStringIndex(o.Key, -1); len(names) > 0 {
			prefix = strings.TrimSuffix(o.Key[:names[len(names)-1][0]], p.description.Stream.Name)
		}
		g := groups[prefix]
		if g == nil {
			g = &group{prefix: prefix}
			groups[prefix], order = g, append(order, g)
		}
		g.objects++
		g.bytes += o.Bytes
		g.records += int64(o.Records)
	}
	sort.SliceStable(order, func(i, j int) bool { return order[i].bytes > order[j].bytes })
	const most = 5
	for i, g := range order {
		if i == most {
			fmt.Fprintf(&b, "  … and %s more\n", count(int64(len(order)-most)))
			break
		}
		fmt.Fprintf(&b, "  %s  %s, mean %s, %s\n", onOneLine(g.prefix), plural(int64(g.objects), "object"), bytesText(g.bytes/g.objects), plural(g.records, "record"))
	}
	return b.String()
}

// spark draws numbers as a line of bars.
func spark(values []int) string {
	const bars = "▁▂▃▄▅▆▇█"
	most := 1
	for _, v := range values {
		most = max(most, v)
	}
	var b strings.Builder
	for _, v := range values {
		b.WriteRune([]rune(bars)[v*7/most])
	}
	return b.String()
}

// note says what a station is.
func (p *plan) note(station string, s *replaytest.Summary) string {
	stream := p.description.Stream
	switch station {
	case "source":
		if n := len(p.inputs); n > 2 {
			return fmt.Sprintf("%s and %d more", p.inputs[0], n-1)
		}
		return strings.Join(p.inputs, ", ")
	case "lambda":
		note := fmt.Sprintf("%s: %s", p.function.How, plural(s.Invocations, "invocation"))
		if s.Retries == 1 {
			note += ", 1 retry"
		} else if s.Retries > 1 {
			note += fmt.Sprintf(", %s retries", count(s.Retries))
		}
		return note
	case "buffer":
		h := stream.DeliveryHints()
		return fmt.Sprintf("%d MiB or %v", h.Size/harness.MiB, h.Interval)
	case "delivery":
		if stream.Sink != nil {
			return stream.Sink.Place()
		}
		if c := stream.Conversion; c != nil {
			format := "Parquet"
			if c.Options.ORC != nil {
				format = "ORC"
			}
			return fmt.Sprintf("%s by %s.%s", format, c.Database, c.Table)
		}
		return stream.S3.Compression.String()
	case "decompress":
		if stream.Decompress.DataMessageExtraction {
			return "gzip, log messages"
		}
		return "gzip"
	case "deaggregate":
		return stream.Deaggregate.SubRecordType.String()
	case "partition":
		if q := stream.Partitioning.Query; q != nil {
			return q.String()
		}
		return "keys from the Lambda"
	}
	return "error output"
}

// plural prints a number of things.
func plural(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return count(n) + " " + thing
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
