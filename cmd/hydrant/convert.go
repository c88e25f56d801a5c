package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/internal/input"
)

type convertFlags struct {
	schema, to, config, deserializer string
	options                          []string
	out, errors, format, fileSize    string
	maxFailed, memory, shard         string
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
Records that don't fit the schema are set aside, each with the service's error and the place.

Inputs are files, folders (all files below but those whose names begin with a dot; links are followed, and no file is read twice),
globs, or - for stdin; compression is recognised by content.
Inputs and outputs may be URLs, https:// inputs only; an input that ends in / is all objects below. An output is there when it is
complete, or not at all. Credentials come from the environment:
  s3://BUCKET/KEY              AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
  gs://BUCKET/OBJECT           GOOGLE_APPLICATION_CREDENTIALS, gcloud's or the machine's
  az://CONTAINER/BLOB          AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or
                               AZURE_STORAGE_SAS_TOKEN; also az://ACCOUNT.blob.core.windows.net/CONTAINER/BLOB
  hdfs://USER@NAMENODE/PATH    HADOOP_USER_NAME; hdfs:///PATH by HADOOP_CONF_DIR; no Kerberos
  https://USER:PASSWORD@HOST/… none`,
		Example: `  hydrant convert --schema 'struct<id:int,name:string>' --to parquet --out events.parquet events.ndjson.gz
  hydrant convert --schema template.yaml#Table --to orc --option Compression=ZLIB --out orc/ logs/`,
		RunE: func(cmd *cobra.Command, args []string) error { return convertFiles(cmd.Context(), io, &f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.schema, "schema", "", "`SRC`: get-table JSON, a template (file#LogicalId), Terraform, Hive DDL (.sql), a literal struct<…>, or glue:db.table[@version]")
	fl.StringVar(&f.to, "to", "", "`FORMAT`: parquet or orc (default parquet, or what --config says)")
	fl.StringVar(&f.config, "config", "", "`FILE` with a DataFormatConversionConfiguration, as the API writes it")
	fl.StringVar(&f.deserializer, "deserializer", "", "openx or hive (default openx, or what --config says)")
	fl.StringArrayVar(&f.options, "option", nil, "`Name=Value`: an API option of the deserializer or the serializer, or Layout=service|modern|hive (repeatable); by hive's bounds of texts and decimals DuckDB can miss rows")
	fl.StringVar(&f.out, "out", "", "`PATH`: a file for all inputs, or a folder (trailing / or existing): one file per input; - for stdout")
	fl.StringVar(&f.fileSize, "file-size", "", "`SIZE`: all inputs into files of a folder of about this size, such as 128MiB")
	fl.StringVar(&f.errors, "errors", "", "`FILE` for rows set aside (default <out>.errors.ndjson, made only when needed)")
	fl.StringVar(&f.format, "input-format", "auto", "what one record is: auto, lines, json, records, event, failed, cloudwatch, file")
	fl.StringVar(&f.maxFailed, "max-failed", "0", "`N` or N%: exit 0 while no more records fail")
	fl.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "cores to use")
	fl.StringVar(&f.memory, "memory", "512MiB", "`SIZE`: what may be held; a smaller one makes smaller row groups or stripes")
	fl.StringVar(&f.shard, "shard", "", "`I/N`: the I-th (from 1) of N parts of the inputs; auto or auto/N: by the index of an array job")
	fl.BoolVar(&f.json, "json", false, "the summary as one JSON object")
	fl.BoolVar(&f.quiet, "quiet", false, "no summary for people, no progress")
	return cmd
}

// A convertSummary is what --json prints. The names of the members never change.
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
	r := &conversionRun{io: io, remote: newRemote(ctx), f: f, summary: convertSummary{Failures: map[string]int64{}, Files: []convertedFile{}}}
	max, err := parseBound(f.maxFailed)
	if err != nil {
		return usagef("--max-failed: %w", err)
	}
	files, err := r.prepare(ctx, args)
	if err != nil {
		return err
	}
	defer keepGarbageLow()()
	stop := progress(io.err, totalSize(files), &r.read, f.quiet || f.json)
	err = r.run(ctx, files)
	stop()
	interrupted := ctx.Err() != nil && errors.Is(err, ctx.Err())
	if err != nil && !interrupted {
		return errors.Join(err, r.asides.end(len(r.summary.Files) > 0))
	}
	if err := r.asides.end(!interrupted || len(r.summary.Files) > 0); err != nil {
		return err
	}
	r.summary.BytesIn, r.summary.WallSeconds = r.read.n.Load(), time.Since(began).Seconds()
	if err := r.print(interrupted); err != nil {
		return err
	}
	if interrupted {
		return err
	}
	r.warnOfOld()
	s := &r.summary
	if s.Rows < s.Records-s.Failed {
		return fmt.Errorf("records are not accounted for: %d in, %d set aside, but %d rows out", s.Records, s.Failed, s.Rows)
	}
	if !max.allows(s.Failed, s.Records) {
		return &statusError{exitSetAside, fmt.Errorf("%d of %d records were set aside; they are in %s", s.Failed, s.Records, shown(r.asides.path))}
	}
	return nil
}

// keepGarbageLow collects at 25 % until the function it returns is called: what a conversion allocates is few large slices without pointers, which are
// cheap to collect. But there is no collection before the heap has 64 MB (4 MB for each 100 %), where a small one would need dozens to grow.
func keepGarbageLow() (end func()) {
	before := debug.SetGCPercent(1600)
	var mu sync.Mutex
	ended := false
	runtime.AddCleanup(new([64]byte), func(percent int) { // at the first collection
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			debug.SetGCPercent(percent)
		}
	}, 25)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
		debug.SetGCPercent(before)
	}
}

// prepare checks the flags, compiles the table and finds the inputs.
func (r *conversionRun) prepare(ctx context.Context, args []string) ([]convertSource, error) {
	f := r.f
	switch {
	case f.schema == "":
		return nil, usagef("--schema is needed: where the columns are described")
	case f.out == "":
		return nil, usagef("--out is needed: a file, a folder, or - for stdout")
	case len(args) == 0:
		return nil, usagef("no input: name files, folders, or - for stdin")
	case f.jobs < 1:
		return nil, usagef("--jobs %d: at least 1 is needed", f.jobs)
	}
	var err error
	if r.memory, err = parseSize(f.memory); err != nil {
		return nil, usagef("--memory: %w", err)
	}
	if r.shard, err = parseShard(f.shard, os.Getenv); err != nil {
		return nil, usagef("--shard: %w", err)
	}
	if f.fileSize != "" {
		if r.roll, err = parseSize(f.fileSize); err != nil {
			return nil, usagef("--file-size: %w", err)
		}
	}
	if r.format, err = input.ParseFormat(f.format); err != nil {
		return nil, usagef("--input-format: %w", err)
	}
	table, err := loadSchema(ctx, f.schema)
	if err != nil {
		return nil, usagef("--schema: %w", err)
	}
	o, err := conversionOptions(f)
	if err != nil {
		return nil, usage(err)
	}
	o.Workers, o.Memory = f.jobs, r.memory/2
	if r.converter, err = convert.New(table, o); err != nil {
		var unsupported *openx.UnsupportedTypeError
		if errors.As(err, &unsupported) {
			err = fmt.Errorf("column %s: %w (%s)", unsupported.Column, err, unsupported.Type)
		}
		return nil, usage(err)
	}
	o.Workers = 1
	if r.single, err = convert.New(table, o); err != nil {
		return nil, usage(err)
	}
	c := harness.Conversion{Catalog: table.CatalogID, Database: table.Database, Table: table.Name, Region: table.Region, Version: "LATEST"}
	r.place()
	r.asides = asides{path: r.errorsPath(), catalog: c.CatalogJSON(), create: r.create}
	if isRemote(f.out) {
		if _, err := r.remote.outputKey(f.out); err != nil {
			return nil, usagef("--out %w", err)
		}
	}
	if err := r.checkErrorsPath(); err != nil {
		return nil, usagef("--errors %w", err)
	}
	files, err := convertSources(args, r.format, r.io.in, r.remote)
	if err != nil {
		return nil, err
	}
	return r.shard.pick(files)
}

func (r *conversionRun) print(interrupted bool) error {
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
	return r.table(r.io.err, interrupted)
}

// table prints the summary for people.
func (r *conversionRun) table(w io.Writer, interrupted bool) error {
	s := &r.summary
	var b strings.Builder
	const most = 20
	for i, f := range s.Files {
		if i == most {
			fmt.Fprintf(&b, "… and %d more; --json lists them all\n", len(s.Files)-most)
			break
		}
		fmt.Fprintf(&b, "%s  %s rows, %s\n", f.Path, count(f.Rows), bytesText(int(f.Bytes)))
	}
	rate := float64(s.BytesIn) / 1e6 / max(s.WallSeconds, 1e-9)
	fmt.Fprintf(&b, "%s records in, %s rows out, %s set aside; %s in %.2f s (%.0f MB/s)\n",
		count(s.Records), count(s.Rows), count(s.Failed), bytesText(int(s.BytesIn)), s.WallSeconds, rate)
	codes := make([]string, 0, len(s.Failures))
	for c := range s.Failures {
		codes = append(codes, c)
	}
	sort.Strings(codes)
	for _, c := range codes {
		fmt.Fprintf(&b, "  %s  %s\n", count(s.Failures[c]), c)
	}
	if interrupted {
		fmt.Fprintf(&b, "interrupted: %s records that were read are in NO file, nor is what wasn't read; run it again\n", count(r.held))
	}
	_, err := io.WriteString(w, b.String())
	return err
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
			var rest string
			if k, _ := fmt.Sscanf(text, "%g%s", &n, &rest); k == 1 && n*float64(u.size) >= 1 && n*float64(u.size) < 1<<62 {
				return int64(n * float64(u.size)), nil
			}
		}
	}
	return 0, fmt.Errorf("%q is no size such as 128MiB", s)
}
