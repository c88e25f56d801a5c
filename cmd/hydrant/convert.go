package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/input"
)

type convertFlags struct {
	schema, to, config, deserializer string
	options                          []string
	out, errors, format, fileSize    string
	maxFailed                        string
	jobs                             int
	json, quiet                      bool
}

func newConvert(io *streams) *cobra.Command {
	var f convertFlags
	cmd := &cobra.Command{
		Use:   "convert --schema SRC --to parquet|orc [flags] [INPUT…]",
		Short: "JSON to Parquet or ORC by a Glue schema",
		Long: `Convert reads JSON records and writes Parquet or ORC files by the schema of a Glue table, with the
service's deserializers, serializers and rules. Rows and error lines keep the order of the input.
Records that don't fit the schema are set aside, each with the service's error and the place.`,
		Example: `  hydrant convert --schema 'struct<id:int,name:string>' --to parquet --out events.parquet events.ndjson.gz
  hydrant convert --schema template.yaml#Table --to orc --option Compression=ZLIB --out orc/ logs/`,
		RunE: func(cmd *cobra.Command, args []string) error { return convertFiles(cmd.Context(), io, &f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.schema, "schema", "", "`SRC`: get-table JSON, a template (file#LogicalId), Hive DDL (.sql), or a literal struct<…>")
	fl.StringVar(&f.to, "to", "", "`FORMAT`: parquet or orc (default parquet, or what --config says)")
	fl.StringVar(&f.config, "config", "", "`FILE` with a DataFormatConversionConfiguration, as the API writes it")
	fl.StringVar(&f.deserializer, "deserializer", "", "openx or hive (default openx, or what --config says)")
	fl.StringArrayVar(&f.options, "option", nil, "`Name=Value`: an API option of the deserializer or the serializer, or Layout=service|modern|hive (repeatable)")
	fl.StringVar(&f.out, "out", "", "`PATH`: a file for all inputs, or a folder (trailing / or existing): one file per input; - for stdout")
	fl.StringVar(&f.fileSize, "file-size", "", "`SIZE`: roll files of a folder at this size, such as 128MiB")
	fl.StringVar(&f.errors, "errors", "", "`FILE` for rows set aside (default <out>.errors.ndjson, made only when needed)")
	fl.StringVar(&f.format, "input-format", "auto", "what one record is: auto, lines, json, records, event, failed, cloudwatch, file")
	fl.StringVar(&f.maxFailed, "max-failed", "0", "`N` or N%: exit 0 while no more records fail")
	fl.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "cores to use")
	fl.BoolVar(&f.json, "json", false, "the summary as one JSON object")
	fl.BoolVar(&f.quiet, "quiet", false, "no summary for people, no progress")
	return cmd
}

// A conversionRun is one run of the command.
type conversionRun struct {
	io        *streams
	f         *convertFlags
	converter *convert.Converter
	catalog   []byte // dataCatalogTable of error lines
	in        *records
	roll      int64
	summary   convertSummary
	errors    *pending // made when needed
	errorsTo  string
	line      []byte
}

type convertSummary struct {
	Records     int64            `json:"records"`
	Rows        int64            `json:"rows"`
	Failed      int64            `json:"failed"`
	Failures    map[string]int64 `json:"failures"`
	Files       []convertedFile  `json:"files"`
	BytesIn     int64            `json:"bytesIn"`
	WallSeconds float64          `json:"wallSeconds"`
}

type convertedFile struct {
	Path  string `json:"path"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

func convertFiles(ctx context.Context, io *streams, f *convertFlags, args []string) error {
	began := time.Now()
	r := &conversionRun{io: io, f: f, summary: convertSummary{Failures: map[string]int64{}, Files: []convertedFile{}}}
	max, err := parseBound(f.maxFailed)
	if err != nil {
		return usagef("--max-failed: %w", err)
	}
	names, err := r.prepare(ctx, args)
	if err != nil {
		return err
	}
	files, err := fileSources(names, io.in)
	if err != nil {
		return err
	}
	var size int64
	for _, s := range files {
		if s.size == 0 {
			size = 0
			break
		}
		size += s.size
	}
	var read counter
	stop := progress(io.err, size, &read, f.quiet || f.json)
	err = r.run(ctx, files, &read)
	stop()
	if r.errors != nil {
		if cerr := r.errors.end(err == nil); err == nil {
			err = cerr
		}
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	r.summary.BytesIn, r.summary.WallSeconds = read.n.Load(), time.Since(began).Seconds()
	if perr := r.print(); perr != nil {
		return perr
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if s := &r.summary; !max.allows(s.Failed, s.Records) {
		return &statusError{exitSetAside, fmt.Errorf("%d records were set aside; they are in %s", s.Failed, r.errorsTo)}
	}
	return nil
}

// prepare checks the flags and compiles the table.
func (r *conversionRun) prepare(ctx context.Context, args []string) (names []string, err error) {
	f := r.f
	switch {
	case f.schema == "":
		return nil, usagef("--schema is needed: where the columns are described")
	case f.out == "":
		return nil, usagef("--out is needed: a file, a folder, or - for stdout")
	case len(args) == 0:
		return nil, usagef("no input: name files, folders, or - for stdin")
	}
	table, err := loadSchema(ctx, f.schema)
	if err != nil {
		return nil, usagef("--schema: %w", err)
	}
	o, err := conversionOptions(f)
	if err != nil {
		return nil, usage(err)
	}
	o.Workers = f.jobs
	if r.converter, err = convert.New(table, o); err != nil {
		return nil, usage(err)
	}
	c := harness.Conversion{Catalog: table.CatalogID, Database: table.Database, Table: table.Name, Region: table.Region, Version: "LATEST"}
	r.catalog = c.CatalogJSON()
	if f.fileSize != "" {
		if r.roll, err = parseSize(f.fileSize); err != nil {
			return nil, usagef("--file-size: %w", err)
		}
	}
	format, err := input.ParseFormat(f.format)
	if err != nil {
		return nil, usagef("--input-format: %w", err)
	}
	r.in = &records{format: format}
	if !f.quiet && !f.json {
		r.in.chose = func(name string, found input.Format) {
			if found != input.Lines {
				fmt.Fprintf(r.io.err, "hydrant: %s is read as %s\n", name, found)
			}
		}
	}
	return expand(args)
}

// extension is that of the files that are written.
func (r *conversionRun) extension() string {
	if r.f.to == "orc" {
		return ".orc"
	}
	return ".parquet"
}

// run converts all inputs: into one file, or into one per input, or into files of a size.
func (r *conversionRun) run(ctx context.Context, files []source, read *counter) error {
	out := r.f.out
	info, err := os.Stat(out)
	folder := strings.HasSuffix(out, "/") || err == nil && info.IsDir()
	r.errorsTo = r.f.errors
	if r.errorsTo == "" {
		r.errorsTo = strings.TrimSuffix(out, "/") + ".errors.ndjson"
		if out == "-" {
			r.errorsTo = "errors.ndjson"
		}
	}
	r.in.bytes = read
	switch {
	case !folder:
		if r.roll > 0 {
			return usagef("--file-size needs a folder for --out")
		}
		r.in.files = files
		return r.file(ctx, out, nil)
	case r.roll > 0:
		if err := os.MkdirAll(out, 0o777); err != nil {
			return err
		}
		r.in.files = files
		more := true
		for n := 0; more; n++ {
			name := filepath.Join(out, fmt.Sprintf("part-%05d%s", n, r.extension()))
			if err := r.file(ctx, name, &more); err != nil {
				return err
			}
		}
		return nil
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	used := map[string]string{}
	for _, s := range files {
		name := outputName(s.name) + r.extension()
		if other, ok := used[name]; ok {
			return usagef("%s and %s would both become %s", other, s.name, name)
		}
		used[name] = s.name
	}
	for _, s := range files {
		r.in.files, r.in.next = []source{s}, 0
		if err := r.file(ctx, filepath.Join(out, outputName(s.name)+r.extension()), nil); err != nil {
			return err
		}
	}
	return nil
}

// outputName is an input's name without its folder and its endings.
func outputName(name string) string {
	name = filepath.Base(name)
	for _, ext := range []string{".gz", ".zst", ".bz2", ".snappy", ".zip", ".json", ".ndjson", ".jsonl", ".log", ".txt"} {
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// chunkBytes is how much is read before it is converted, for each core.
const chunkBytes = 4 << 20

// file converts what is left of the input into one file; with more, at most the size to roll at, and more says
// whether anything is left.
func (r *conversionRun) file(ctx context.Context, path string, more *bool) (err error) {
	p, err := create(path, r.io.out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end(err == nil)) }()
	f, err := r.converter.Create(p)
	if err != nil {
		return err
	}
	var chunk []byte
	var ends []int
	var places []input.Record
	eof := false
	for !eof && (r.roll == 0 || p.written < r.roll) {
		chunk, ends, places = chunk[:0], ends[:0], places[:0]
		for len(chunk) < chunkBytes*max(r.f.jobs, 1) {
			rec, err := r.in.Next()
			if err == io.EOF {
				eof = true
				break
			}
			if err != nil {
				return err
			}
			chunk = append(chunk, rec.Data...)
			ends = append(ends, len(chunk))
			rec.Data = nil
			places = append(places, input.Record{Line: rec.Line, Offset: rec.Offset, ID: r.in.name()})
		}
		bad, err := f.Write(ctx, chunk, ends)
		if err != nil {
			return err
		}
		for i := range bad {
			if err := r.setAside(&bad[i], chunk, ends, &places[bad[i].Record]); err != nil {
				return err
			}
		}
		r.summary.Records += int64(len(ends))
	}
	if more != nil {
		*more = !eof
	}
	if err := f.Close(); err != nil {
		return err
	}
	r.summary.Rows += f.Rows()
	r.summary.Files = append(r.summary.Files, convertedFile{path, f.Rows(), p.written})
	return nil
}

// name is the input that is being read.
func (s *records) name() string {
	if s.next == 0 {
		return ""
	}
	return s.files[s.next-1].name
}

// setAside writes a row that doesn't fit as the service's error line, with its place as one more member.
func (r *conversionRun) setAside(e *column.RowError, chunk []byte, ends []int, place *input.Record) error {
	r.summary.Failed++
	r.summary.Failures[e.Code]++
	if r.errors == nil {
		p, err := create(r.errorsTo, r.io.out)
		if err != nil {
			return err
		}
		r.errors = p
	}
	start := 0
	if e.Record > 0 {
		start = ends[e.Record-1]
	}
	want := ""
	if e.Want != nil {
		want = e.Want.String()
	}
	location, err := json.Marshal(struct {
		File   string `json:"file"`
		Line   int64  `json:"line"`
		Offset int64  `json:"offset"`
		Path   string `json:"path"`
		Column string `json:"column"`
		Type   string `json:"type"`
		Value  string `json:"value"`
		Hint   string `json:"hint"`
	}{place.ID, place.Line, int64(e.Offset), e.Path, e.Column, want, string(e.Value), e.Hint})
	if err != nil {
		return err
	}
	raw := chunk[start:ends[e.Record]]
	r.line = s3.AppendFailure(r.line[:0], &record.Failure{
		Record: record.Record{Seq: uint64(r.summary.Records) + uint64(e.Record), Data: raw, Raw: raw, Source: &record.Source{
			SequenceNumber: fmt.Sprint(r.summary.Records + int64(e.Record))}},
		Cause: record.FormatConversionFailed, Code: e.Code, Message: e.Message, Attempts: 1,
		Members: []record.Member{{Name: "dataCatalogTable", JSON: r.catalog}, {Name: "location", JSON: location}},
	})
	_, err = r.errors.Write(r.line)
	return err
}

func (r *conversionRun) print() error {
	s := &r.summary
	if r.f.json {
		b, err := json.Marshal(s)
		if err != nil {
			return err
		}
		w := r.io.out
		if r.f.out == "-" {
			w = r.io.err // stdout has the file
		}
		_, err = fmt.Fprintf(w, "%s\n", b)
		return err
	}
	if r.f.quiet {
		return nil
	}
	w := r.io.err
	for _, f := range s.Files {
		if _, err := fmt.Fprintf(w, "%s  %s rows, %s\n", f.Path, count(f.Rows), bytesText(int(f.Bytes))); err != nil {
			return err
		}
	}
	rate := float64(s.BytesIn) / 1e6 / max(s.WallSeconds, 1e-9)
	if _, err := fmt.Fprintf(w, "%s records in, %s rows out, %s set aside; %s in %.2f s (%.0f MB/s)\n",
		count(s.Records), count(s.Rows), count(s.Failed), bytesText(int(s.BytesIn)), s.WallSeconds, rate); err != nil {
		return err
	}
	codes := make([]string, 0, len(s.Failures))
	for c := range s.Failures {
		codes = append(codes, c)
	}
	sort.Strings(codes)
	for _, c := range codes {
		if _, err := fmt.Fprintf(w, "  %s  %s\n", count(s.Failures[c]), c); err != nil {
			return err
		}
	}
	return nil
}

// A pending file is written beside its final name and renamed when it is complete.
type pending struct {
	path    string
	f       *os.File
	w       *bufio.Writer
	written int64
}

// create begins a file; "-" is stdout.
func create(path string, stdout io.Writer) (*pending, error) {
	if path == "-" {
		return &pending{w: bufio.NewWriter(stdout)}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &pending{path: path, f: f, w: bufio.NewWriterSize(f, 1<<20)}, nil
}

func (p *pending) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.written += int64(n)
	if err != nil {
		return n, fmt.Errorf("write %s: %w", p.path, err)
	}
	return n, nil
}

// end gives the file its final name if it is complete, else removes it.
func (p *pending) end(complete bool) error {
	if p.f == nil {
		return p.w.Flush()
	}
	err := error(nil)
	if complete {
		err = p.w.Flush()
	}
	if cerr := p.f.Close(); err == nil {
		err = cerr
	}
	if complete && err == nil {
		if err = os.Chmod(p.f.Name(), 0o644); err == nil {
			err = os.Rename(p.f.Name(), p.path)
		}
	}
	if !complete || err != nil {
		os.Remove(p.f.Name()) //nolint:errcheck // the first error counts
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", p.path, err)
	}
	return nil
}

// parseSize reads a size such as 128MiB, 64MB, 4096.
func parseSize(s string) (int64, error) {
	units := []struct {
		name string
		size int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1}}
	for _, u := range units {
		if text, ok := strings.CutSuffix(s, u.name); ok {
			var n float64
			if _, err := fmt.Sscanf(text, "%g", &n); err == nil && n > 0 && n*float64(u.size) < 1<<62 {
				return int64(n * float64(u.size)), nil
			}
		}
	}
	return 0, fmt.Errorf("%q is no size such as 128MiB", s)
}
