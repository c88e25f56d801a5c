package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/replaytest"
)

type invokeFlags struct {
	function, event, format, generate string
	count                             int
	seed                              uint64
	timeout                           time.Duration
	json, quiet                       bool
}

func newInvoke(s *streams) *cobra.Command {
	var f invokeFlags
	cmd := &cobra.Command{
		Use:   "invoke --function HOW (--event FILE | --generate KIND | INPUT…)",
		Short: "One invocation of a transform, and a check of its answer against the contract",
		Long: `Invoke sends one event to a function, prints the answer's records decoded, and every breach of the contract:
an id missing, twice or unknown, a result outside the enumeration, invalid base64, an answer over 6 MiB. It exits with
3 when the answer breaks the contract.`,
		Example: `  hydrant invoke --function builtin:apache-log-to-json access.log
  hydrant invoke --function exec:./bootstrap --event event.json
  hydrant invoke --function builtin:cloudwatch-logs --generate cloudwatch --count 3
  hydrant invoke --function builtin:kinesis-general --generate kinesis`,
		RunE: func(cmd *cobra.Command, args []string) error { return invoke(cmd.Context(), s, &f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.function, "function", "", "`HOW` to run it: builtin:NAME, go:./path, exec:CMD, http://…")
	fl.StringVar(&f.event, "event", "", "`FILE` with an event, as it is sent; - for stdin")
	fl.StringVar(&f.generate, "generate", "", "`KIND` of event to make: "+kinds())
	fl.IntVar(&f.count, "count", 10, "records of a made event")
	fl.StringVar(&f.format, "input-format", "auto", "what one record of INPUT is")
	fl.Uint64Var(&f.seed, "seed", 1, "ids of the event")
	fl.DurationVar(&f.timeout, "function-timeout", replaytest.DefaultFunctionTimeout, "the function's time limit")
	fl.BoolVar(&f.json, "json", false, "the answer as one JSON object")
	fl.BoolVar(&f.quiet, "quiet", false, "breaches only")
	return cmd
}

func invoke(ctx context.Context, s *streams, f *invokeFlags, args []string) error {
	sources := 0
	for _, given := range []bool{f.event != "", f.generate != "", len(args) > 0} {
		if given {
			sources++
		}
	}
	switch {
	case f.function == "":
		return usagef("--function is needed: how to run the function")
	case sources != 1:
		return usagef("one of --event FILE, --generate KIND and INPUT… is needed")
	}
	event, err := invokeEvent(s, f, args)
	if err != nil {
		return err
	}
	const name = "function"
	d := &harness.Description{Stream: &harness.Stream{Region: "us-east-1", Lambda: &harness.Lambda{ARN: "arn:aws:lambda:us-east-1:123456789012:function:" + name}}}
	fn, err := replaytest.OpenFunction(ctx, d, replaytest.FunctionOptions{How: []string{name + "=" + f.function}, Timeout: f.timeout, Log: s.err})
	if err != nil {
		return usage(err)
	}
	defer fn.Close() //nolint:errcheck // its processes are ended either way
	began := time.Now()
	response, err := fn.Invoke(ctx, event)
	took := time.Since(began)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &statusError{exitSetAside, fmt.Errorf("the function failed after %v: %w", took.Round(time.Millisecond), err)}
	}
	answers, breaches := lambda.Check(event, response)
	if fn.Timeout > 0 && took > fn.Timeout {
		breaches = append(breaches, fmt.Sprintf("it took %v; its time limit is %v", took.Round(time.Millisecond), fn.Timeout))
	}
	if err := printAnswers(s, f, answers, breaches, len(event), len(response), took); err != nil {
		return err
	}
	if len(breaches) > 0 {
		return &statusError{exitSetAside, fmt.Errorf("the answer breaks the contract in %d places", len(breaches))}
	}
	return nil
}

// invokeEvent is the event of a file, or one made of records.
func invokeEvent(s *streams, f *invokeFlags, args []string) ([]byte, error) {
	if f.event != "" {
		var b []byte
		var err error
		if f.event == "-" {
			b, err = io.ReadAll(s.in)
		} else {
			b, err = os.ReadFile(f.event)
		}
		if err != nil {
			return nil, usagef("--event: %w", err)
		}
		return b, nil
	}
	at := harness.DefaultStart
	var in []record.Record
	source := sources[f.generate]
	add := func(data []byte, arrival time.Time) {
		r := record.Record{Seq: uint64(len(in)), Data: append([]byte(nil), data...), Arrival: arrival.UnixMilli()}
		if source.at != nil {
			s := source.at(len(in))
			s.Arrival = r.Arrival
			r.Source = &s
		}
		in = append(in, r)
	}
	if f.generate != "" {
		data, err := generate(f.generate, f.count)
		if err != nil {
			return nil, usagef("--generate: %w", err)
		}
		for i, d := range data {
			add(d, at.Add(time.Duration(i)*time.Millisecond))
		}
	} else {
		format, err := input.ParseFormat(f.format)
		if err != nil {
			return nil, usagef("--input-format: %w", err)
		}
		names, err := expand(args)
		if err != nil {
			return nil, err
		}
		files, err := fileSources(names, s.in)
		if err != nil {
			return nil, err
		}
		r := &records{files: files, format: format}
		for {
			rec, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, err
			}
			arrival := at.Add(time.Duration(len(in)) * time.Millisecond)
			if rec.HasArrival {
				arrival = time.UnixMilli(rec.Arrival)
			}
			add(rec.Data, arrival)
		}
	}
	if len(in) == 0 {
		return nil, usagef("the input has no records, and an event has one at least")
	}
	t := lambda.New(nil, lambda.Options{StreamARN: "arn:aws:firehose:us-east-1:123456789012:deliverystream/hydrant", Region: "us-east-1",
		SourceARN: source.arn, MSK: source.msk, Seed: record.Seed(f.seed)})
	return t.Event(at, 1, in), nil
}

// printAnswers prints an answer's records, then what is wrong with it.
func printAnswers(s *streams, f *invokeFlags, answers []lambda.Answer, breaches []string, event, response int, took time.Duration) error {
	type entry struct {
		RecordID string  `json:"recordId"`
		Result   string  `json:"result"`
		Text     *string `json:"text"`
		Data     []byte  `json:"data,omitempty"` // where it is no text
	}
	if f.json {
		out := struct {
			Records       []entry  `json:"records"`
			Breaches      []string `json:"breaches"`
			EventBytes    int      `json:"eventBytes"`
			ResponseBytes int      `json:"responseBytes"`
			Milliseconds  float64  `json:"milliseconds"`
		}{[]entry{}, append([]string{}, breaches...), event, response, float64(took.Microseconds()) / 1000}
		for _, a := range answers {
			e := entry{RecordID: a.ID, Result: a.Result}
			if text := string(a.Data); a.Data != nil && utf8.ValidString(text) {
				e.Text = &text
			} else {
				e.Data = a.Data
			}
			out.Records = append(out.Records, e)
		}
		e := json.NewEncoder(s.out)
		e.SetEscapeHTML(false)
		return e.Encode(out)
	}
	if !f.quiet {
		for _, a := range answers {
			text := ""
			if a.Data != nil {
				text = printable(a.Data)
			}
			if _, err := fmt.Fprintf(s.out, "%s  %s  %s\n", a.ID, a.Result, text); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(s.err, "%d answers, %s of event, %s of answer, in %v\n", len(answers), bytesText(event), bytesText(response), took.Round(10*time.Microsecond)); err != nil {
			return err
		}
	}
	for _, b := range breaches {
		if _, err := fmt.Fprintf(s.err, "breach: %s\n", b); err != nil {
			return err
		}
	}
	return nil
}

// printable is data as it is where it is one line of text, else quoted.
func printable(b []byte) string {
	s := string(b)
	if n := len(s); n > 0 && s[n-1] == '\n' {
		s = s[:n-1]
	}
	if !utf8.ValidString(s) {
		return strconv.Quote(string(b))
	}
	for _, r := range s {
		if r < ' ' && r != '\t' {
			return strconv.Quote(string(b))
		}
	}
	return s
}
