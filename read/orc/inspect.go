package orc

import (
	"fmt"
	"io"
	"strings"
)

// Info is what a file is made of, as hydrant inspect prints it.
type Info struct {
	Format         string         `json:"format"` // "orc"
	Bytes          int64          `json:"bytes"`
	Rows           int64          `json:"rows"`
	Schema         string         `json:"schema"`  // a Hive type
	Version        string         `json:"version"` // "0.12"
	CreatedBy      string         `json:"createdBy"`
	WriterVersion  int            `json:"writerVersion"`
	Compression    string         `json:"compression"`
	BlockSize      int            `json:"compressionBlockSize,omitempty"`
	RowIndexStride int            `json:"rowIndexStride"`
	Calendar       string         `json:"calendar,omitempty"`
	Metadata       []UserMetadata `json:"metadata,omitempty"`
	Columns        []ColumnInfo   `json:"columns"` // all types, the root too, by number
	Stripes        []StripeInfo   `json:"stripes"`
}

// ColumnInfo is a type of the schema and what the footer says of its values.
type ColumnInfo struct {
	Name       string      `json:"name"`  // a.b for members, a.[] for elements; "" for the root
	Type       string      `json:"type"`  // of compound types only which kind; Info.Schema has them whole
	Bytes      int64       `json:"bytes"` // of its data streams in all stripes
	Statistics *Statistics `json:"statistics,omitempty"`
}

// StripeInfo is a stripe; its Columns are by number, as Info's.
type StripeInfo struct {
	Offset      int64          `json:"offset"`
	Rows        int64          `json:"rows"`
	IndexBytes  int64          `json:"indexBytes"`
	DataBytes   int64          `json:"dataBytes"`
	FooterBytes int64          `json:"footerBytes"`
	TimeZone    string         `json:"timeZone,omitempty"`
	Columns     []StripeColumn `json:"columns"`
}

// StripeColumn is how a column is stored in a stripe.
type StripeColumn struct {
	Encoding       string       `json:"encoding"`
	DictionarySize int          `json:"dictionarySize,omitempty"`
	Streams        []StreamInfo `json:"streams"` // in the order of the file
	Statistics     *Statistics  `json:"statistics,omitempty"`
}

// StreamInfo is a stream of a column.
type StreamInfo struct {
	Kind  string `json:"kind"`
	Bytes int64  `json:"bytes"`
}

var streamNames = [...]string{"PRESENT", "DATA", "LENGTH", "DICTIONARY_DATA", "DICTIONARY_COUNT", "SECONDARY",
	"ROW_INDEX", "BLOOM_FILTER", "BLOOM_FILTER_UTF8"}

var writers = [...]string{"ORC Java", "ORC C++", "Presto", "scritchley/orc", "Trino", "cuDF"}

// Inspect reads the whole structure of the file and the statistics of columns, but no values.
func (f *File) Inspect() (*Info, error) {
	info, err := f.inspect()
	if err != nil {
		return nil, fmt.Errorf("orc: %w", err)
	}
	return info, nil
}

func (f *File) inspect() (*Info, error) {
	info := &Info{
		Format: "orc", Bytes: f.size, Rows: f.rows, Schema: f.root.String(),
		Version:        fmt.Sprintf("%d.%d", f.version[0], f.version[1]),
		CreatedBy:      f.createdBy(),
		WriterVersion:  f.writerLevel,
		Compression:    f.compression.String(),
		BlockSize:      f.blockSize,
		RowIndexStride: f.stride,
		Metadata:       f.user,
		Columns:        make([]ColumnInfo, len(f.types)),
		Stripes:        make([]StripeInfo, len(f.stripes)),
	}
	if f.compression == None {
		info.BlockSize = 0
	}
	if f.calendar > 0 && f.calendar <= 2 {
		info.Calendar = [...]string{"JULIAN_GREGORIAN", "PROLEPTIC_GREGORIAN"}[f.calendar-1]
	}
	for id := range f.types {
		t := &f.types[id].Type
		c := &info.Columns[id]
		c.Name, c.Type = f.root.path(id), t.Kind.String()
		if len(t.Children) == 0 {
			c.Type = t.String()
		}
		if id < len(f.stats) {
			s, err := f.statistics(f.stats[id], t)
			if err != nil {
				return nil, fmt.Errorf("statistics of column %s: %w", c.Name, err)
			}
			c.Statistics = &s
		}
	}
	for i := range f.stripes {
		if err := f.inspectStripe(info, i); err != nil {
			return nil, fmt.Errorf("stripe %d: %w", i, err)
		}
	}
	if err := f.stripeStatistics(info); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	return info, nil
}

func (f *File) createdBy() string {
	name := "ORC Java"
	switch {
	case f.writer >= len(writers) && f.software != "":
		return f.software
	case f.writer >= len(writers):
		name = fmt.Sprintf("writer %d", f.writer)
	case f.writer >= 0:
		name = writers[f.writer]
	}
	return strings.TrimSpace(name + " " + f.software)
}

func (f *File) inspectStripe(info *Info, i int) error {
	sf, err := f.stripeFooter(i)
	if err != nil {
		return err
	}
	from := &f.stripes[i]
	s := &info.Stripes[i]
	*s = StripeInfo{
		Offset: from.offset, Rows: from.rows, TimeZone: sf.zone,
		IndexBytes: from.index, DataBytes: from.data, FooterBytes: from.footer,
		Columns: make([]StripeColumn, len(f.types)),
	}
	for id := range s.Columns {
		if id >= len(sf.encodings) {
			return fmt.Errorf("column %s has no encoding", f.root.path(id))
		}
		e := sf.encodings[id]
		s.Columns[id].DictionarySize = e.dictionarySize
		if s.Columns[id].Encoding = fmt.Sprintf("ENCODING_%d", e.kind); e.kind < len(encodingNames) {
			s.Columns[id].Encoding = encodingNames[e.kind]
		}
	}
	for _, x := range sf.streams {
		if x.column >= len(s.Columns) {
			return fmt.Errorf("a stream of column %d, which isn't there", x.column)
		}
		name := fmt.Sprintf("STREAM_%d", x.kind)
		if x.kind < len(streamNames) {
			name = streamNames[x.kind]
		}
		c := &s.Columns[x.column]
		c.Streams = append(c.Streams, StreamInfo{name, x.length})
		if x.kind < streamRowIndex {
			info.Columns[x.column].Bytes += x.length
		}
	}
	return nil
}

// stripeStatistics reads Metadata.
func (f *File) stripeStatistics(info *Info) error {
	b, err := f.message(f.content, f.metadataLen)
	if err != nil {
		return err
	}
	i := 0
	return eachField(b, func(p *field) error {
		if p.number != 1 || i == len(info.Stripes) {
			return nil
		}
		columns := info.Stripes[i].Columns
		i++
		id := 0
		return eachField(p.data, func(p *field) error {
			if p.number != 1 || id == len(columns) {
				return nil
			}
			s, err := f.statistics(p.data, &f.types[id].Type)
			columns[id].Statistics = &s
			id++
			return err
		})
	})
}

// WriteText prints i for people.
func (i *Info) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "ORC %s, %d bytes, %d rows, %d stripes\n", i.Version, i.Bytes, i.Rows, len(i.Stripes))
	fmt.Fprintf(&b, "created by   %s, writer version %d\n", i.CreatedBy, i.WriterVersion)
	fmt.Fprintf(&b, "compression  %s", i.Compression)
	if i.BlockSize > 0 {
		fmt.Fprintf(&b, ", blocks of %d bytes", i.BlockSize)
	}
	fmt.Fprintf(&b, "\nrow index    ")
	if i.RowIndexStride > 0 {
		fmt.Fprintf(&b, "every %d rows\n", i.RowIndexStride)
	} else {
		b.WriteString("none\n")
	}
	if i.Calendar != "" {
		fmt.Fprintf(&b, "calendar     %s\n", i.Calendar)
	}
	fmt.Fprintf(&b, "schema       %s\n", i.Schema)
	for _, u := range i.Metadata {
		fmt.Fprintf(&b, "metadata     %s = %q\n", u.Name, u.Value)
	}

	b.WriteString("\ncolumns\n")
	for id, c := range i.Columns {
		if id == 0 && c.Name == "" && len(i.Columns) > 1 {
			continue
		}
		fmt.Fprintf(&b, "  %3d  %-24s %-20s %10d bytes", id, c.Name, cut(c.Type, 40), c.Bytes)
		if s := c.Statistics; s != nil {
			fmt.Fprintf(&b, "  %d values", s.Values)
			if s.HasNull != nil && *s.HasNull {
				b.WriteString(" and nulls")
			}
			for _, x := range []struct {
				name string
				text []byte
			}{{"min", s.Min}, {"lower bound", s.Lower}, {"max", s.Max}, {"upper bound", s.Upper}, {"sum", s.Sum}} {
				if x.text != nil {
					fmt.Fprintf(&b, ", %s %s", x.name, cut(string(x.text), 60))
				}
			}
		}
		b.WriteByte('\n')
	}
	for n, s := range i.Stripes {
		fmt.Fprintf(&b, "\nstripe %d at %d: %d rows, index %d bytes, data %d, footer %d", n, s.Offset, s.Rows, s.IndexBytes, s.DataBytes, s.FooterBytes)
		if s.TimeZone != "" {
			fmt.Fprintf(&b, ", time zone %s", s.TimeZone)
		}
		b.WriteByte('\n')
		for id, c := range s.Columns {
			fmt.Fprintf(&b, "  %3d  %-24s %-13s", id, i.Columns[id].Name, c.Encoding)
			if c.DictionarySize > 0 {
				fmt.Fprintf(&b, " of %d", c.DictionarySize)
			}
			for _, x := range c.Streams {
				fmt.Fprintf(&b, "  %s %d", x.Kind, x.Bytes)
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
