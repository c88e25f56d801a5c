package main

import (
	"fmt"
	"strings"

	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/replaytest"
)

// drawing is the stream's stations, one below the other, each with the records that came to it; what leaves the way between two
// of them branches off to the right.
//
//	source     10,003  access.log.gz
//	  |
//	lambda     10,003  builtin:apache-log-to-json: 3 invocations
//	  |--> 1 failed
//	  |
//	buffer     10,002  64 MiB or 1m0s
//	  |
//	delivery   10,002  Parquet by apache_logs.access
//	  |
//	  v        10,002  in 2 objects
func (p *plan) drawing(s *replaytest.Summary) string {
	stream := p.description.Stream
	has := map[string]bool{"source": true, "decompress": stream.Decompress != nil, "deaggregate": stream.Deaggregate != nil,
		"lambda": stream.Lambda != nil, "partition": stream.Partitioning != nil, "buffer": true, "delivery": true}
	width := 6
	for _, st := range s.Stations {
		width = max(width, len(count(st.In)), len(count(st.Out)))
	}
	var b strings.Builder
	row := func(name string, n int64, note string) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-12s%*s  %s", name, width, count(n), shortened(note)), " ") + "\n")
	}
	objects := map[string]int{}
	for kind, t := range s.Unlisted {
		objects[kind] = t.Objects
	}
	objects[s3.Request] /= 2 // there is as much beside them
	for _, o := range s.Objects {
		if o.Kind != s3.Request || o.Records > 0 { // what is beside a request has none
			objects[o.Kind]++
		}
	}
	copied := s.Total(s3.Backup).Records
	in := func(n int) string { return "in " + plural(int64(n), "object") }
	out := int64(0)
	var lines replaytest.StationSummary
	for _, st := range s.Stations {
		if st.Name == "errors" {
			lines = st
		}
		if !has[st.Name] {
			continue
		}
		row(st.Name, st.In, p.note(st.Name, s))
		branch := func(n int64, text string) {
			if n > 0 {
				fmt.Fprintf(&b, "  |--> %s %s\n", count(n), text)
			}
		}
		if st.Name == "source" && stream.Backup != nil {
			branch(copied, "copied to the backup, "+in(objects[s3.Backup]))
		}
		if st.Added > 0 {
			fmt.Fprintf(&b, "  |<-- %s added\n", count(st.Added))
		}
		branch(st.Dropped, "dropped")
		branch(st.Failed, "failed")
		branch(st.Held, "held")
		b.WriteString("  |\n")
		out = st.Out
	}
	note := in(objects[s3.Data])
	if stream.Sink != nil {
		if note = ""; objects[s3.Request] > 0 {
			note = "in " + plural(int64(objects[s3.Request]), "request")
		}
	}
	row("  v", out, note)
	if lines.In > 0 {
		b.WriteByte('\n')
		note := "in the error output, " + in(objects[s3.Error])
		if lines.Failed > 0 {
			note += ", but " + count(lines.Failed) + " LOST"
		}
		row("errors", lines.In, note)
	}
	return b.String()
}

// shortened is a note that fits a narrow terminal.
func shortened(s string) string {
	const most = 56
	if r := []rune(s); len(r) > most {
		return string(r[:most-3]) + "..."
	}
	return s
}
