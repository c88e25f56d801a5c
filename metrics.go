package hydrant

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// outcome is what one invocation came to.
type outcome struct {
	stream                      string
	invocation                  string
	records, ok, dropped, wrong int
	putBack                     int // records and halves of records
	in, out                     int // bytes: of records and their data, or of event and answer
}

func count(e Event, records int, results []Result) outcome {
	_, stream, _ := strings.Cut(e.DeliveryStreamARN, "/")
	o := outcome{stream: stream, invocation: e.InvocationID, records: records}
	for i := range results {
		switch results[i].Status {
		case OK:
			o.ok++
		case Dropped:
			o.dropped++
		}
	}
	o.wrong = records - o.ok - o.dropped
	return o
}

func (inv *invocation) outcome(results []Result, in, out int) outcome {
	o := count(inv.batch.event, len(inv.batch.items), results)
	o.putBack, o.in, o.out = int(inv.putBack.Load()), in, out
	return o
}

// writeMetrics writes one line of the embedded metric format: the counts, by delivery stream.
func writeMetrics(w io.Writer, namespace string, o outcome) {
	if namespace == "" {
		namespace = "Hydrant"
	}
	dst := append(make([]byte, 0, 800), `{"_aws":{"Timestamp":`...)
	dst = strconv.AppendInt(dst, time.Now().UnixMilli(), 10)
	dst = append(dst, `,"CloudWatchMetrics":[{"Namespace":`...)
	dst = AppendJSONString(dst, namespace)
	dst = append(dst, `,"Dimensions":[["DeliveryStream"]],"Metrics":[`...)
	metrics := [...]struct {
		name, unit string
		n          int
	}{
		{"Records", "Count", o.records}, {"Ok", "Count", o.ok}, {"Dropped", "Count", o.dropped},
		{"ProcessingFailed", "Count", o.wrong}, {"PutBack", "Count", o.putBack}, {"BytesIn", "Bytes", o.in}, {"BytesOut", "Bytes", o.out},
	}
	for i, m := range metrics {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"Name":"`+m.name+`","Unit":"`+m.unit+`"}`...)
	}
	dst = append(dst, `]}]},"DeliveryStream":`...)
	dst = AppendJSONString(dst, o.stream)
	dst = append(dst, `,"InvocationId":`...)
	dst = AppendJSONString(dst, o.invocation)
	for _, m := range metrics {
		dst = append(dst, `,"`+m.name+`":`...)
		dst = strconv.AppendInt(dst, int64(m.n), 10)
	}
	// A line that can't be written changes nothing about the records.
	_, _ = w.Write(append(dst, "}\n"...))
}

// Metrics makes t write one line of CloudWatch's embedded metric format to w for every call. A [Handler] has
// the same as an option, for the whole invocation.
func Metrics(t Transform, w io.Writer, namespace string) Transform {
	return around(func(ctx context.Context, records []Record) ([]Result, error) {
		results, err := t.Transform(ctx, records)
		if err != nil {
			return results, err
		}
		e, _ := EventFrom(ctx)
		o := count(e, len(records), results)
		for i := range records {
			o.in += len(records[i].Data)
		}
		for i := range results {
			o.out += len(results[i].Data)
		}
		writeMetrics(w, namespace, o)
		return results, nil
	})
}

// Log makes t log every call: how many records came, and what became of them.
func Log(t Transform, log *slog.Logger) Transform {
	return around(func(ctx context.Context, records []Record) ([]Result, error) {
		start := time.Now()
		results, err := t.Transform(ctx, records)
		e, _ := EventFrom(ctx)
		o := count(e, len(records), results)
		if err != nil {
			log.Error("transform", "deliveryStream", o.stream, "invocationId", o.invocation, "records", o.records, "cause", err.Error())
			return results, err
		}
		log.Info("transform", "deliveryStream", o.stream, "invocationId", o.invocation, "records", o.records,
			"ok", o.ok, "dropped", o.dropped, "processingFailed", o.wrong, "duration", time.Since(start))
		return results, nil
	})
}

// around is a function that is a Transform.
type around func(ctx context.Context, records []Record) ([]Result, error)

func (f around) Transform(ctx context.Context, records []Record) ([]Result, error) {
	return f(ctx, records)
}
