package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/internal/sample"
	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/replaytest"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// replayFlags are the flags of replay.
type replayFlags struct {
	stream          string
	parameters      []string
	account, region string
	schema          string
	functions       []string
	functionTimeout time.Duration
	out             string
	start           string
	rate            string
	format          string
	seed            uint64
	maxFailed       string
	compat          []string
	faults          []string
	clock           string
	state, memory   string
	destination     string
	endpoint        string
	secrets         []string
	record          string
	estimate        bool
	prices          string
	partitions      int
	jobs            int
	json, quiet     bool
}

func newReplay(io *streams) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay [flags] [INPUT…]",
		Short: "Records in, delivered objects out: the whole delivery pipeline, on this machine",
		Long: `Replay reads a delivery stream from its description, puts records through it on a virtual
clock, and delivers what the service would deliver.

With nothing said it reads sam-template.yaml (else template.yaml, template.yml, template.json) in
this folder, takes its only delivery stream, replays the sample input that the template's metadata
names, and delivers under ./out. Where none of these files is there, a sample in this program runs.

Inputs are files, directories, globs or - for stdin, compressed or not. Every record ends
delivered, dropped on purpose, or in an error output, and the summary accounts for each.`,
		Example: `  hydrant replay
  hydrant replay --stream template.yaml#Clicks --out ./out events.ndjson.gz
  hydrant replay --function ApacheLogToJson=builtin:apache-log-to-json access.log`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return replay(cmd.Context(), io, &f, args, cmd.Flags().Changed)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.stream, "stream", "", "`SRC[#ID]`: where the stream is described: a SAM or CloudFormation template, Terraform (.tf or show -json), or the JSON of create-delivery-stream or describe-delivery-stream; ID is its logical id, name or address")
	fl.StringArrayVar(&f.parameters, "parameter", nil, "`K=V`: a template parameter (repeatable)")
	fl.StringVar(&f.account, "account", "", "the account `ID` of pseudo parameters (default 123456789012)")
	fl.StringVar(&f.region, "region", "", "the region of pseudo parameters (default us-east-1)")
	fl.StringVar(&f.schema, "schema", "", "`SRC`: the Glue table, when the template does not define it")
	fl.StringArrayVar(&f.functions, "function", nil, "`ID=HOW`: how to run a function: builtin:NAME, go:./path, exec:CMD, http://… (repeatable; default: built from the template)")
	fl.DurationVar(&f.functionTimeout, "function-timeout", 60*time.Second, "the function's time limit where no template gives one")
	fl.StringVar(&f.out, "out", "out", "`DIR` for the buckets: DIR/<bucket>/<key>; or s3://BUCKET/PREFIX")
	fl.StringVar(&f.start, "start", "2025-01-01T00:00:00Z", "arrival `TIME` of the first record without one")
	fl.StringVar(&f.rate, "rate", "1000/s", "pace of records without an arrival time, `N/s`")
	fl.StringVar(&f.clock, "clock", "virtual", "`virtual|now`: stream time by arrival times; or the wall clock, and records arrive as they are read")
	fl.StringVar(&f.format, "input-format", "auto", "what one record is: auto, lines, json, records, event, failed, cloudwatch, file")
	fl.Uint64Var(&f.seed, "seed", 1, "the random parts of keys and ids")
	fl.StringVar(&f.maxFailed, "max-failed", "0", "`N` or N%: exit 0 while no more records fail")
	fl.StringArrayVar(&f.compat, "compat", nil, "`NAME`: behave otherwise where the service's behaviour isn't known (repeatable; see hydrant help compat)")
	fl.StringArrayVar(&f.faults, "fault", nil, "`SPEC`: have something go wrong: lambda:throttle=3, s3:503=5, s3:denied=2h, s3:slow=2s, lambda:timeout (repeatable)")
	fl.StringVar(&f.state, "state", "", "`DIR` for a durable run: what was read and has not been delivered survives a crash there, and the same command goes on")
	fl.StringVar(&f.memory, "memory", "512MiB", "`SIZE`: what buffers may hold before they spill to a temporary file")
	fl.StringVar(&f.destination, "destination", "dir", "`dir|live`: other destinations than S3 as files, or for real")
	fl.StringVar(&f.endpoint, "endpoint", "", "`URL` for --destination live: replaces scheme, host and port of the description's, and its path where it has one")
	fl.StringVar(&f.record, "record", "", "`FILE` for the records as they were put: replayed, it gives the same objects")
	fl.BoolVar(&f.estimate, "estimate", false, "what the stream is billed for in a month at this pace, objects an hour, their sizes")
	fl.StringVar(&f.prices, "prices", "", "`FILE` of JSON or YAML with prices for --estimate: {region: R, gigabyte: BYTES, prices: {NAME: USD a unit}}")
	fl.StringArrayVar(&f.secrets, "secret", nil, "`NAME=FILE` for --destination live: what a secret holds; NAME is its ARN, or AccessKey or HECToken where the description lacks it (repeatable)")
	fl.IntVar(&f.partitions, "active-partitions", partition.ActivePartitions, "`N` partitions may be open at once, up to 5,000; records of further ones fail")
	fl.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "cores to use")
	fl.BoolVar(&f.json, "json", false, "the summary as one JSON object")
	fl.BoolVar(&f.quiet, "quiet", false, "no summary for people, no progress")
	return cmd
}

// templates are the files that replay looks for.
var templates = []string{"sam-template.yaml", "template.yaml", "template.yml", "template.json"}

func replay(ctx context.Context, io *streams, f *replayFlags, args []string, changed func(string) bool) error {
	began := time.Now()
	plan, err := planReplay(ctx, io, f, args, changed)
	if err != nil {
		return err
	}
	defer plan.close()
	r, err := openReplay(ctx, io, f, plan)
	if err != nil {
		return err
	}
	ran := r.run(ctx)
	if ran != nil && !errors.Is(ran, context.Canceled) {
		return errors.Join(ran, r.state.close(false))
	}
	l := r.pipeline.Ledger()
	s := replaytest.NewSummary(l, r.kept.objects, r.pipeline.Now().Sub(r.first), time.Since(began))
	s.Unlisted = r.kept.unlisted
	err = r.report(&l, s)
	if err = errors.Join(err, r.state.close(ran == nil && err == nil)); err != nil {
		return err
	}
	if ran != nil {
		if f.clock != "now" {
			told := "hydrant: interrupted: what the summary does not count was not read"
			if f.state != "" {
				told += "; the same command goes on from here"
			}
			fmt.Fprintln(io.err, told)
		}
		return ran
	}
	return r.verdict(&l, s)
}

// A replayRun is a replay under way.
type replayRun struct {
	io       *streams
	flags    *replayFlags
	plan     *plan
	taps     *taps
	out      *replayOut
	state    *state
	kept     *recorder
	pipeline *harness.Pipeline
	first    time.Time // of the stream
	closed   error     // of out
}

// openReplay opens what a plan needs. What an earlier run delivered is removed last, when nothing else can be wrong.
func openReplay(ctx context.Context, io *streams, f *replayFlags, p *plan) (_ *replayRun, err error) {
	r := &replayRun{io: io, flags: f, plan: p}
	if r.taps, err = newTaps(f, p); err != nil {
		return nil, err
	}
	if r.out, err = openReplayOut(ctx, f.out); err != nil {
		return nil, err
	}
	if r.state, err = openState(io.err, f, p); err != nil {
		return nil, err
	}
	r.kept = &recorder{bucket: r.out}
	if f.clock == "now" {
		r.kept.most = mostListed
	}
	if r.pipeline, err = r.newPipeline(); err == nil && !r.state.continues() {
		err = r.out.clear(io.err)
	}
	if err != nil {
		return nil, errors.Join(err, r.state.close(false))
	}
	return r, nil
}

// newPipeline makes the stream, with its faults.
func (r *replayRun) newPipeline() (*harness.Pipeline, error) {
	f, p := r.flags, r.plan
	o := harness.Options{Bucket: r.kept, Transport: p.transport, Iceberg: p.tables, Invoker: p.function, Seed: record.Seed(f.seed), Workers: f.jobs,
		First:            (f.seed - 1) << 40, // so that runs of other seeds have other ids too
		ActivePartitions: f.partitions, Memory: p.memory, Log: r.out.note}
	if o.Transport == nil {
		o.Transport = sink.Files{Bucket: r.kept}
	}
	var err error
	if o.Copier, err = openCopier(p.description.Stream, f, r.out.Bucket); err != nil {
		return nil, usage(err)
	}
	r.state.options(&o)
	p.compat.Pipeline(&o)
	r.taps.watch(&o)
	pipeline, err := p.faults.New(p.description.Stream, o)
	if err != nil {
		return nil, usage(err)
	}
	return pipeline, nil
}

// run puts the inputs through the stream, and closes what it wrote.
func (r *replayRun) run(ctx context.Context) error {
	f, p := r.flags, r.plan
	if os.Getenv("GOMEMLIMIT") == "" { // what is encoded and put takes as much again
		debug.SetMemoryLimit(2*p.memory + 512<<20)
	}
	var read counter
	p.records.bytes, p.records.live = &read, f.clock == "now"
	for i, file := range p.records.files {
		if file.size == 0 {
			p.records.files[i].open = unlessEnded(ctx, file.open)
		}
	}
	in, err := r.taps.begin(ctx, r.io, f, p, r.pipeline)
	if err != nil {
		return err
	}
	stop := progress(r.io.err, p.size, &read, f.quiet || f.json)
	started := func(now time.Time) {
		if r.first.IsZero() {
			r.first = now
		}
	}
	if f.clock == "now" {
		err = harness.Live(ctx, r.pipeline, p.description.Stream, in, harness.LiveOptions{Now: time.Now, After: time.After, Door: p.door, Refused: r.out.refuse, Progress: started})
	} else {
		err = harness.Replay(ctx, r.pipeline, p.description.Stream, in, harness.ReplayOptions{Start: p.start, Rate: p.rate, Journal: r.state.restored(), Door: p.door,
			Refused: r.out.refuse, Progress: started})
	}
	stop()
	started(r.pipeline.Now())
	r.closed = r.out.close()
	return r.taps.end(err)
}

// report prints the summary. Its error is that the summary isn't true.
func (r *replayRun) report(l *harness.Ledger, s *replaytest.Summary) error {
	estimate, err := r.taps.estimate(l)
	if err != nil {
		return err
	}
	if err := printSummary(r.io.out, s, estimate, l, r.flags, r.plan); err != nil {
		return err
	}
	return cmp.Or(l.Check(), s.Agree(), r.closed)
}

// verdict is an error where records are lost, or more failed than may.
func (r *replayRun) verdict(l *harness.Ledger, s *replaytest.Summary) error {
	late := "could not be written within 24 hours of stream time"
	if r.kept.failed != nil {
		late += fmt.Sprintf(" (%v)", r.kept.failed)
	}
	switch {
	case s.Lost > 0:
		why := late
		switch r.plan.description.Stream.Sink.(type) {
		case *harness.HTTPEndpoint:
			why += ", or the endpoint answered 413 to them (on413 in hydrant help compat)"
		case *harness.Redshift:
			why += ", or COPY left their rows out, as MAXERROR lets it"
		}
		return &statusError{exitSetAside, fmt.Errorf("LOST: %s %s, and the service would have lost them too", plural(s.Lost, "record"), why)}
	case l.Backup.Failed > 0:
		return &statusError{exitSetAside, fmt.Errorf("LOST from the source backup: %s %s, and the service would have lost them there too", plural(l.Backup.Failed, "record"), late)}
	case !r.plan.max.allows(s.Failed, s.In+s.Added):
		return &statusError{exitSetAside, fmt.Errorf("%s failed; see the error output under %s", plural(s.Failed, "record"), r.flags.out)}
	}
	return nil
}

// check reports flags that are wrong, or don't go together.
func (p *plan) check(ctx context.Context, f *replayFlags) (err error) {
	if p.max, err = parseBound(f.maxFailed); err != nil {
		return usagef("--max-failed: %w", err)
	}
	if p.memory, err = parseSize(f.memory); err != nil {
		return usagef("--memory: %w", err)
	}
	switch {
	case f.clock != "virtual" && f.clock != "now":
		return usagef("--clock: %q is neither virtual nor now", f.clock)
	case f.clock == "now" && f.record != "":
		return usagef("--record needs --clock virtual: it dates records as that does")
	case f.clock == "now" && f.state != "":
		return usagef("--state needs --clock virtual: it finds its place in an input that can be read again")
	case f.state != "" && isRemote(f.out):
		return usagef("--state needs a folder for --out")
	case f.state != "" && slices.Contains(p.inputs, "-"):
		return usagef("--state needs files: it finds its place in an input that can be read again, which stdin can't")
	case f.partitions < 1 || f.partitions > partition.MaxActive:
		return usagef("--active-partitions: 1 to %d, not %d", partition.MaxActive, f.partitions)
	}
	for _, spec := range f.faults {
		v, err := harness.ParseFault(spec)
		if err == nil {
			err = v.Check(p.description.Stream)
		}
		if err == nil && v.Place == "disk" && f.state == "" {
			err = errors.New("disk:full: the stream keeps nothing on a disk; --state has it do so")
		}
		if err != nil {
			return usagef("--fault %w", err)
		}
		p.faults.Add(v)
	}
	if p.transport, err = openTransport(ctx, p.description.Stream, f); err != nil {
		return usage(err)
	}
	if p.tables, err = openIceberg(ctx, p.description.Stream, f); err != nil {
		return usage(err)
	}
	return nil
}

// A plan is a replay made ready.
type plan struct {
	description *harness.Description
	source      string               // what the description was read from
	function    *replaytest.Function // nil without one
	door        *harness.Door        // that the function puts records back through; nil without one
	faults      *harness.Faults
	transport   sink.Transport    // nil writes requests to the bucket
	tables      *sink.IcebergLive // nil writes what would be committed
	max         bound             // of records that fail
	memory      int64
	records     *records
	inputs      []string
	size        int64 // of the inputs, where it is known
	start       time.Time
	rate        float64
	compat      replaytest.Compat
}

func (p *plan) close() {
	if p.function != nil {
		_ = p.function.Close() // its processes are ended either way
	}
}

// planReplay checks everything that can be checked before anything is written.
func planReplay(ctx context.Context, io *streams, f *replayFlags, args []string, changed func(string) bool) (*plan, error) {
	p := &plan{}
	var err error
	if p.compat, err = replaytest.ParseCompat(f.compat); err != nil {
		return nil, usagef("--compat %w", err)
	}
	src, embedded, err := findDescription(f.stream)
	if err != nil {
		return nil, err
	}
	p.source, _, _ = strings.Cut(src, "#")
	o := harness.DescribeOptions{Schema: f.schema, Glue: glue.Options{Context: ctx, Catalog: liveCatalog{}},
		Template: template.Options{Parameters: map[string]string{}, Account: f.account, Region: f.region}}
	p.compat.Describe(&o)
	for _, kv := range f.parameters {
		k, v, ok := strings.Cut(kv, "=")
		if !ok {
			return nil, usagef("--parameter %s: K=V is expected", kv)
		}
		o.Template.Parameters[k] = v
	}
	switch {
	case embedded:
		fmt.Fprintln(io.err, "hydrant: no template here; the sample in this program runs, with builtin: functions")
		p.description, err = harness.Parse(src, sample.Template, o)
	case p.source == "-":
		var data []byte
		if data, err = readAll(io.in); err == nil {
			_, o.ID, _ = strings.Cut(src, "#")
			p.description, err = harness.Parse("stdin", data, o)
		}
	default:
		p.description, err = harness.Load(src, o)
	}
	if err != nil {
		return nil, usage(err)
	}
	if !f.quiet {
		for _, n := range p.description.Stream.Notices {
			fmt.Fprintf(io.err, "hydrant: notice: %s\n", n)
		}
	}
	p.compat.Stream(p.description.Stream)
	if err := p.defaults(f, changed); err != nil {
		return nil, usage(err)
	}
	if p.start, err = time.Parse(time.RFC3339Nano, f.start); err != nil {
		return nil, usagef("--start: %q is no RFC 3339 time", f.start)
	}
	if p.rate, err = parseRate(f.rate); err != nil {
		return nil, usage(err)
	}
	if err := p.openInputs(io, f, args, embedded); err != nil {
		return nil, err
	}
	p.faults = &harness.Faults{}
	if err := p.check(ctx, f); err != nil {
		return nil, err
	}
	if l := p.description.Stream.Lambda; l != nil {
		p.door = &harness.Door{}
		o := replaytest.FunctionOptions{How: f.functions, Timeout: f.functionTimeout, Dir: filepath.Dir(p.source), Log: io.err, Door: p.door}
		if f.quiet {
			o.Log = nil
		}
		if embedded {
			o.Default = "builtin:apache-log-to-json"
		}
		if p.function, err = replaytest.OpenFunction(ctx, p.description, o); err != nil {
			return nil, usage(err)
		}
		p.faults.FunctionTimeout = p.function.Timeout
	}
	return p, nil
}

// readAll reads a description from stdin.
func readAll(r io.Reader) ([]byte, error) { return io.ReadAll(r) }

// findDescription is what --stream names, or the template of this folder, or the sample.
func findDescription(src string) (file string, embedded bool, err error) {
	if src != "" {
		return src, false, nil
	}
	for _, name := range templates {
		_, err := os.Stat(name)
		if err == nil {
			return name, false, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", false, usage(err)
		}
	}
	return "sam-template.yaml", true, nil
}

// defaults takes over what the template's metadata says of the flags: Metadata: hydrant: replay: {input, max-failed, …}.
func (p *plan) defaults(f *replayFlags, changed func(string) bool) error {
	if p.description.Template == nil {
		return nil
	}
	m := p.description.Template.Metadata.Get("hydrant", "replay")
	if m == nil {
		return nil
	}
	for _, e := range m.Members {
		var err error
		var text string
		if e.Key != "input" {
			text, err = e.Value.Str()
		}
		switch {
		case err != nil:
			return err
		case changed(e.Key):
		case e.Key == "input":
			list := e.Value.Items
			if e.Value.Kind != template.List {
				list = []*template.Node{e.Value}
			}
			for _, n := range list {
				name, err := n.Str()
				if err != nil {
					return err
				}
				p.inputs = append(p.inputs, name)
			}
		case e.Key == "max-failed":
			f.maxFailed = text
		case e.Key == "input-format":
			f.format = text
		case e.Key == "start":
			f.start = text
		case e.Key == "rate":
			f.rate = text
		case e.Key == "out":
			f.out = text
		default:
			return &template.Error{Pos: e.KeyPos, Msg: fmt.Sprintf("hydrant.replay has no member %s; it has input, input-format, max-failed, out, rate, start", e.Key)}
		}
	}
	return nil
}

// openInputs makes the inputs ready: the arguments, or those of the template, which are read relative to it.
func (p *plan) openInputs(io *streams, f *replayFlags, args []string, embedded bool) error {
	format, err := input.ParseFormat(f.format)
	if err != nil {
		return usagef("--input-format: %w", err)
	}
	var files []source
	switch {
	case len(args) > 0:
		names, err := expand(args)
		if err != nil {
			return err
		}
		if files, err = fileSources(names, io.in); err != nil {
			return err
		}
		p.inputs = args
	case embedded:
		if files, err = sampleSources(); err != nil {
			return err
		}
		p.inputs = sample.Names
	case len(p.inputs) == 0: // no arguments, and no metadata
		return usagef("no input: name files, or - for stdin, or a sample in the template's metadata (hydrant: replay: input:)")
	default:
		names := make([]string, len(p.inputs))
		for i, n := range p.inputs {
			names[i] = n
			if !filepath.IsAbs(n) {
				names[i] = filepath.Join(filepath.Dir(p.source), n)
			}
		}
		expanded, err := expand(names)
		if err != nil {
			return err
		}
		if files, err = fileSources(expanded, io.in); err != nil {
			return err
		}
	}
	for _, s := range files {
		if s.size == 0 {
			p.size = 0
			break
		}
		p.size += s.size
	}
	p.records = &records{files: files, format: format}
	if !f.quiet && !f.json {
		p.records.chose = func(name string, found input.Format) {
			fmt.Fprintf(io.err, "hydrant: %s is read as %s\n", name, found)
		}
	}
	return nil
}

func sampleSources() ([]source, error) {
	var out []source
	for _, name := range sample.Names {
		b, err := sample.Inputs.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out = append(out, source{name: name, size: int64(len(b)), open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(b)), nil
		}})
	}
	return out, nil
}

// parseRate reads a pace such as 1000/s.
func parseRate(s string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(s, "/s"), 64)
	if err != nil || !(n >= 1e-6 && n <= 1e9) {
		return 0, fmt.Errorf("--rate: %q is no rate such as 1000/s", s)
	}
	return n, nil
}
