package harness

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/internal/template"
)

// maxProcessors is how many a stream may have (record-transformation.md §7).
const maxProcessors = 5

// processing reads a ProcessingConfiguration (record-transformation.md §7). Without Enabled it is off.
func (d *describer) processing(s *Stream, n *template.Node) {
	if !d.block(n) {
		return
	}
	if !d.boolean(n.Get("Enabled"), false) {
		if list := n.Get("Processors"); n.Get("Enabled").IsNull() && list != nil && len(list.Items) > 0 {
			d.notice(n, "no processor runs: a ProcessingConfiguration without Enabled is off")
		}
		return
	}
	list := n.Get("Processors")
	if list != nil && list.Kind == template.Unresolved {
		d.fail(list.Err)
		return
	}
	switch {
	case list.IsNull() || len(list.Items) == 0:
		d.refuse(n, "Processors must have at least 1 processor when processing is enabled")
		return
	case len(list.Items) > maxProcessors:
		d.refuse(list, "Processors has %d processors; at most %d are allowed", len(list.Items), maxProcessors)
		return
	}
	seen := map[string]bool{}
	var extraction *template.Node
	var extract bool
	for _, p := range list.Items {
		if !d.block(p) {
			return
		}
		kind := d.str(p.Get("Type"))
		switch {
		case seen[kind] && kind == "Lambda":
			d.refuse(p, "Only one Lambda processor is supported")
		case seen[kind] && kind != "AppendDelimiterToRecord": // that one has the effect of one
			d.absent(p, "a second "+kind+" processor")
		}
		seen[kind] = true
		switch kind {
		case "Lambda":
			d.lambda(s, p)
		case "AppendDelimiterToRecord":
			s.Delimiter = true // whatever older templates give it as parameters
		case "Decompression":
			s.Decompress = &decode.Decompress{}
			d.parameters(p, kind, func(name string, v *template.Node) error { return decode.ParseCompressionFormat(d.str(v)) }, "CompressionFormat")
		case "CloudWatchLogProcessing":
			extraction = p
			d.parameters(p, kind, func(name string, v *template.Node) (err error) {
				extract, err = decode.ParseDataMessageExtraction(d.str(v))
				return err
			}, "DataMessageExtraction")
		case "RecordDeAggregation":
			d.deaggregation(s, p)
		case "MetadataExtraction":
			d.extraction(s, p)
		}
		if d.err != nil {
			return
		}
	}
	if extraction != nil {
		if s.Decompress == nil {
			d.refuse(extraction, "CloudWatchLogProcessing requires the Decompression processor")
			return
		}
		s.Decompress.DataMessageExtraction = extract
	}
}

// parameters hands each parameter of a processor to f, whose error is the service's refusal.
func (d *describer) parameters(p *template.Node, kind string, f func(name string, v *template.Node) error, names ...string) {
	list := p.Get("Parameters")
	if list.IsNull() {
		return
	}
	if list.Kind == template.Unresolved {
		d.fail(list.Err)
		return
	}
	seen := map[string]bool{}
	for _, m := range list.Items {
		if !d.block(m) {
			return
		}
		name, v := d.str(m.Get("ParameterName")), m.Get("ParameterValue")
		switch {
		case d.err != nil:
			return
		case !slices.Contains(names, name):
			d.refuse(m, "The parameter %s is not supported by the %s processor", name, kind)
		case seen[name]:
			d.refuse(m, "The parameter %s of the %s processor is given twice", name, kind)
		}
		seen[name] = true
		if d.err != nil {
			return
		}
		if err := f(name, v); err != nil {
			d.refuse(v, "%v", err)
		}
	}
}

func (d *describer) deaggregation(s *Stream, p *template.Node) {
	s.Deaggregate = &decode.Deaggregate{}
	var kind, delimiter *template.Node
	d.parameters(p, "RecordDeAggregation", func(name string, v *template.Node) (err error) {
		if name == "SubRecordType" {
			kind = v
			s.Deaggregate.SubRecordType, err = decode.ParseSubRecordType(d.str(v))
		} else {
			delimiter = v
			s.Deaggregate.Delimiter, err = decode.ParseDelimiter(d.str(v))
		}
		return err
	}, "SubRecordType", "Delimiter")
	switch {
	case d.err != nil:
	case kind == nil:
		d.refuse(p, "The RecordDeAggregation processor needs the parameter SubRecordType")
	case s.Deaggregate.SubRecordType == decode.Delimited && delimiter == nil:
		d.refuse(p, "Delimiter is required when SubRecordType is DELIMITED")
	case s.Deaggregate.SubRecordType == decode.JSON && delimiter != nil:
		d.refuse(delimiter, "Delimiter is supported only when SubRecordType is DELIMITED")
	}
}

func (d *describer) extraction(s *Stream, p *template.Node) {
	var query *template.Node
	var engine bool
	d.parameters(p, "MetadataExtraction", func(name string, v *template.Node) error {
		text := d.str(v)
		if name == "JsonParsingEngine" {
			if engine = true; text != "JQ-1.6" && d.err == nil {
				return fmt.Errorf("JsonParsingEngine must be JQ-1.6; it is %.50q", text)
			}
			return nil
		}
		query = v
		if n := utf8.RuneCountInString(text); n > partition.MaxQuery {
			return fmt.Errorf("MetadataExtractionQuery is %d characters long; at most %d are allowed", n, partition.MaxQuery)
		}
		return nil
	}, "MetadataExtractionQuery", "JsonParsingEngine")
	switch {
	case d.err != nil:
		return
	case query == nil:
		d.refuse(p, "The MetadataExtraction processor needs the parameter MetadataExtractionQuery")
		return
	case !engine:
		d.refuse(p, "The MetadataExtraction processor needs the parameter JsonParsingEngine")
		return
	case s.Partitioning == nil && !d.routes:
		d.refuse(p, "MetadataExtraction processor is supported only when dynamic partitioning is enabled")
		return
	}
	clock := &partition.Clock{}
	q, err := clock.Compile(d.str(query))
	if err != nil {
		d.refuse(query, "MetadataExtractionQuery: %v", err)
		return
	}
	if d.routes {
		d.query, d.clock = q, clock
		return
	}
	s.Partitioning.Query, s.Partitioning.Clock = q, clock
}

// lambda reads a Lambda processor, whose hints are numbers in texts (record-transformation.md §4, §6).
func (d *describer) lambda(s *Stream, p *template.Node) {
	l := &Lambda{Retries: 3, Hints: buffer.Hints{Size: 1 * MiB, Interval: 60 * time.Second}}
	if d.lambdaHints != (buffer.Hints{}) {
		l.Hints = d.lambdaHints
	}
	d.parameters(p, "Lambda", func(name string, v *template.Node) error {
		switch name {
		case "LambdaArn":
			l.ARN, l.Pos = d.str(v), v.Pos
		case "NumberOfRetries":
			if l.Retries = int(d.number(v, name, 0, maxRetries, true)); l.Retries > usualRetries {
				d.notice(v, "NumberOfRetries is %d; whether the service takes more than %d is not known", l.Retries, usualRetries)
			}
		case "BufferSizeInMBs":
			l.Hints.Size = int64(d.number(v, name, 0.2, 3, false) * MiB)
		case "BufferIntervalInSeconds":
			if l.Hints.Interval = time.Duration(d.number(v, name, 0, 900, true)) * time.Second; l.Hints.Interval == 0 {
				l.Hints.Interval = ImmediateInterval
			}
		case "RoleArn": // permissions aren't simulated, and may not be known here
		}
		return nil
	}, "LambdaArn", "NumberOfRetries", "RoleArn", "BufferSizeInMBs", "BufferIntervalInSeconds")
	if d.err == nil && l.ARN == "" {
		d.refuse(p, "The Lambda processor needs the parameter LambdaArn")
	}
	s.Lambda = l
}

// How many retries a Lambda processor may have, and how many are known to be accepted (record-transformation.md §4, CHOICE).
const (
	maxRetries   = 300
	usualRetries = 8
)

// number is a processor parameter, which is text that holds a number.
func (d *describer) number(n *template.Node, name string, lo, hi float64, whole bool) float64 {
	text := d.str(n)
	f, err := strconv.ParseFloat(text, 64)
	if d.err == nil && (err != nil || !(f >= lo && f <= hi) || whole && f != math.Trunc(f)) {
		what := ""
		if whole {
			what = "a whole number from "
		}
		d.refuse(n, "%s must be %s%v to %v; it is %.50q", name, what, lo, hi, text)
		return lo
	}
	return f
}
