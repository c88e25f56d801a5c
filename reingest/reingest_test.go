package reingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	firehosetypes "github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"github.com/hydrantkit/hydrant"
)

// A door is both services in memory, with their limits. It refuses every refuse-th record and fails the first calls with err.
type door struct {
	t      *testing.T
	refuse int
	fail   int // calls
	err    error

	called func()

	n, calls int
	names    []string
	data     map[string]int // what was accepted, and how often
	keys     []string
}

func (d *door) call(name string, n, bytes, limit int) error {
	d.calls++
	if d.called != nil {
		d.called()
	}
	d.names = append(d.names, name)
	if n == 0 || n > 500 || bytes > limit && n > 1 {
		d.t.Errorf("call with %d records, %d bytes", n, bytes)
	}
	if d.calls <= d.fail {
		return d.err
	}
	return nil
}

func (d *door) accept(data []byte) bool {
	if d.n++; d.refuse > 0 && d.n%d.refuse == 0 {
		return false
	}
	if d.data == nil {
		d.data = map[string]int{}
	}
	d.data[string(data)]++
	return true
}

func (d *door) PutRecordBatch(_ context.Context, in *firehose.PutRecordBatchInput, _ ...func(*firehose.Options)) (*firehose.PutRecordBatchOutput, error) {
	size := 0
	for _, r := range in.Records {
		size += len(r.Data)
	}
	if err := d.call(*in.DeliveryStreamName, len(in.Records), size, 4<<20); err != nil {
		return nil, err
	}
	out := new(firehose.PutRecordBatchOutput)
	for _, r := range in.Records {
		var e firehosetypes.PutRecordBatchResponseEntry
		if d.accept(r.Data) {
			e.RecordId = aws.String("id")
		} else {
			e.ErrorCode, e.ErrorMessage = aws.String("ServiceUnavailableException"), aws.String("Slow down.")
		}
		out.RequestResponses = append(out.RequestResponses, e)
	}
	return out, nil
}

func (d *door) PutRecords(_ context.Context, in *kinesis.PutRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error) {
	size := 0
	for _, r := range in.Records {
		size += len(r.Data) + len(*r.PartitionKey)
		d.keys = append(d.keys, *r.PartitionKey)
	}
	if err := d.call(*in.StreamName, len(in.Records), size, 5<<20); err != nil {
		return nil, err
	}
	out := new(kinesis.PutRecordsOutput)
	for _, r := range in.Records {
		var e kinesistypes.PutRecordsResultEntry
		if !d.accept(r.Data) {
			e.ErrorCode = aws.String("ProvisionedThroughputExceededException")
		}
		out.Records = append(out.Records, e)
	}
	return out, nil
}

var (
	direct = hydrant.Event{DeliveryStreamARN: "arn:aws:firehose:eu-west-1:1:deliverystream/d"}
	source = hydrant.Event{DeliveryStreamARN: "arn:aws:firehose:eu-west-1:1:deliverystream/d", SourceKinesisStreamARN: "arn:aws:kinesis:eu-west-1:1:stream/s"}
)

func records(n, size int) []hydrant.Record {
	records := make([]hydrant.Record, n)
	for i := range records {
		records[i] = hydrant.Record{ID: fmt.Sprint(i), Data: append(bytes.Repeat([]byte{'0'}, size-len(fmt.Sprint(i))), fmt.Sprint(i)...)}
	}
	return records
}

func TestPutBack(t *testing.T) {
	for _, tt := range []struct {
		name         string
		event        hydrant.Event
		n, size      int
		refuse, fail int
		calls        int // 0 is any number
	}{
		{"direct", direct, 3, 10, 0, 0, 1},
		{"500 records a call", direct, 1201, 10, 0, 0, 3},
		{"4 MiB a call", direct, 9, 1 << 19, 0, 0, 2},
		{"Kinesis", source, 600, 10, 0, 0, 2},
		{"Kinesis, large records", source, 3, 6 << 20, 0, 0, 3},
		{"refused, again", direct, 1000, 10, 3, 0, 0},
		{"calls fail", direct, 10, 10, 0, 4, 5},
		{"both", source, 700, 10, 2, 3, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := &door{t: t, refuse: tt.refuse, fail: tt.fail, err: errors.New("connection reset")}
			in := records(tt.n, tt.size)
			for i, err := range (Reingester{d, d}).PutBack(t.Context(), tt.event, in) {
				if err != nil {
					t.Errorf("%s: record %d: %v", tt.name, i, err)
				}
			}
			for i := range in {
				if n := d.data[string(in[i].Data)]; n != 1 {
					t.Errorf("%s: record %d put %d times", tt.name, i, n)
				}
			}
			if tt.calls != 0 && d.calls != tt.calls {
				t.Errorf("%s: %d calls, want %d", tt.name, d.calls, tt.calls)
			}
		})
	}
}

func TestPutBackGivesUp(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
	for _, tt := range []struct {
		name  string
		event hydrant.Event
		d     *door
		time  time.Duration
		calls int
		want  string
	}{
		{"all attempts", direct, &door{refuse: 1}, time.Hour, Attempts, "put back: ServiceUnavailableException: Slow down."},
		{"denied", source, &door{fail: 9, err: denied}, time.Hour, 1, "put back: api error AccessDeniedException: no"},
		{"no time", direct, &door{refuse: 1}, 0, 1, "put back: ServiceUnavailableException: Slow down."},
		{"topic", hydrant.Event{SourceMSKARN: "arn"}, &door{}, time.Hour, 0, "put back: the source is a topic"},
		{"no name", hydrant.Event{DeliveryStreamARN: "aws:lambda:events"}, &door{}, time.Hour, 0, `put back: no delivery stream "aws:lambda:events"`},
	} {
		synctest.Test(t, func(t *testing.T) {
			tt.d.t = t
			ctx, cancel := context.WithTimeout(t.Context(), tt.time)
			defer cancel()
			errs := Reingester{tt.d, tt.d}.PutBack(ctx, tt.event, records(2, 4))
			for _, err := range errs {
				if err == nil || err.Error() != tt.want {
					t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
				}
			}
			if tt.d.calls != tt.calls {
				t.Errorf("%s: %d calls", tt.name, tt.d.calls)
			}
		})
	}
	d := &door{t: t}
	errs := Reingester{d, d}.PutBack(t.Context(), direct, append(records(1, maxFirehoseRecord+1), records(1, 1)...))
	if errs[0] == nil || errs[1] != nil || d.calls != 1 {
		t.Errorf("a record too large: %v", errs)
	}
}

// The pauses between attempts grow and are random: none is longer than its bound, and no two runs wait the same.
func TestPauses(t *testing.T) {
	longest := make([]time.Duration, Attempts-1)
	seen := map[time.Duration]bool{}
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			var at []time.Time
			d := &door{t: t, refuse: 1, called: func() { at = append(at, time.Now()) }}
			Reingester{d, d}.PutBack(t.Context(), direct, records(1, 4))
			if len(at) != Attempts {
				t.Fatalf("%d calls, want %d", len(at), Attempts)
			}
			for i := range longest {
				pause := at[i+1].Sub(at[i])
				if bound := min(50*time.Millisecond<<i, 5*time.Second); pause <= 0 || pause > bound+1 {
					t.Errorf("pause %d is %v, the bound is %v", i, pause, bound)
				}
				longest[i], seen[pause] = max(longest[i], pause), true
			}
		})
	}
	if last := len(longest) - 1; longest[last] <= 4*longest[0] {
		t.Errorf("pauses don't grow: %v", longest)
	}
	if len(seen) < 25*len(longest) {
		t.Errorf("%d different pauses of %d", len(seen), 50*len(longest))
	}
}

func TestPartitionKey(t *testing.T) {
	d := &door{t: t}
	in := records(3, 1)
	in[0].Kinesis = &hydrant.KinesisMetadata{PartitionKey: "own"}
	in[2].ID = strings.Repeat("x", 257)
	Reingester{d, d}.PutBack(t.Context(), source, in)
	if got := strings.Join(d.keys, " "); got != "own 1 a" || d.names[0] != "s" {
		t.Errorf("keys %s to %v", got, d.names)
	}
}

// The real client, against a local endpoint.
func TestFromEnv(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Amz-Target") != "Firehose_20150804.PutRecordBatch" || string(body) != `{"DeliveryStreamName":"d","Records":[{"Data":"MA=="}]}` {
			t.Errorf("%s %s", r.Header.Get("X-Amz-Target"), body)
		}
		io.WriteString(w, `{"FailedPutCount":0,"RequestResponses":[{"RecordId":"x"}]}`)
	}))
	defer s.Close()
	env := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_FIREHOSE": s.URL}
	if errs := FromEnv(func(name string) string { return env[name] }).PutBack(t.Context(), direct, records(1, 1)); errs[0] != nil {
		t.Error(errs)
	}
	if errs := FromEnv(func(string) string { return "" }).PutBack(t.Context(), direct, records(1, 1)); errs[0] == nil {
		t.Error("no error without an environment")
	}
}
