package harness

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/input"
)

func TestParseFault(t *testing.T) {
	for _, tt := range []struct {
		spec string
		want Fault
		err  string // part of
	}{
		{"lambda:throttle=3", Fault{Place: "lambda", Kind: "throttle", Count: 3}, ""},
		{"s3:denied=2h", Fault{Place: "s3", Kind: "denied", For: 2 * time.Hour}, ""},
		{"s3:503=5", Fault{Place: "s3", Kind: "503", Count: 5}, ""},
		{"lambda:timeout", Fault{Place: "lambda", Kind: "timeout"}, ""},
		{"s3:slow=2s", Fault{Place: "s3", Kind: "slow", For: 2 * time.Second}, ""},
		{"backup:nobucket=1h30m", Fault{Place: "backup", Kind: "nobucket", For: 90 * time.Minute}, ""},
		{"http:429=2", Fault{Place: "http", Kind: "429", Count: 2}, ""},
		{"disk:full", Fault{Place: "disk", Kind: "full"}, ""},
		{"lambda", Fault{}, "is no fault such as"},
		{"kafka:slow=1s", Fault{}, "there is no place kafka"},
		{"lambda:503", Fault{}, "lambda has no fault 503; it has throttle, error"},
		{"lambda:throttle=0", Fault{}, "neither a number of attempts nor a duration"},
		{"lambda:throttle=-1", Fault{}, "neither a number of attempts nor a duration"},
		{"lambda:throttle=", Fault{}, "neither a number of attempts nor a duration"},
		{"s3:slow", Fault{}, "how slow?"},
		{"s3:slow=3", Fault{}, "neither a number of attempts nor a duration"},
	} {
		got, err := ParseFault(tt.spec)
		if tt.err == "" && (err != nil || got != tt.want) || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: %+v, %v", tt.spec, got, err)
		}
	}
}

const faultStream = `{"DeliveryStreamName": "s", "ExtendedS3DestinationConfiguration": {
	"BucketARN": "arn:aws:s3:::b", "RoleARN": "arn:aws:iam::123456789012:role/r", "Prefix": "p/", "ErrorOutputPrefix": "e/",
	"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
	"ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "Lambda", "Parameters": [
		{"ParameterName": "LambdaArn", "ParameterValue": "arn:aws:lambda:us-east-1:123456789012:function:f"},
		{"ParameterName": "BufferIntervalInSeconds", "ParameterValue": "60"}]}]}}}`

// TestFaults: what each fault does to one record, and when the stream is done with it.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		faults  string
		want    string // of the ledger
		failed  string // code
		invoked int64
		done    string // stream time
	}{
		{"", "in 1 + added 0 = delivered 1 + dropped 0 + failed 0 + lost 0", "", 1, "2m0s"},
		{"lambda:throttle=1", "in 1 + added 0 = delivered 1 + dropped 0 + failed 0 + lost 0", "", 2, "2m1s"},
		{"lambda:throttle=1 lambda:crash=1 lambda:error=1", "in 1 + added 0 = delivered 1 + dropped 0 + failed 0 + lost 0", "", 4, "2m7s"},
		{"lambda:throttle", "in 1 + added 0 = delivered 0 + dropped 0 + failed 1 + lost 0", "Lambda.InvokeLimitExceeded", 4, "6m7s"},
		{"lambda:error", "in 1 + added 0 = delivered 0 + dropped 0 + failed 1 + lost 0", "Lambda.FunctionError", 4, "6m7s"},
		{"lambda:timeout", "in 1 + added 0 = delivered 0 + dropped 0 + failed 1 + lost 0", "Lambda.FunctionError", 4, "10m7s"},
		{"lambda:garbage=1", "in 1 + added 0 = delivered 0 + dropped 0 + failed 1 + lost 0", "Lambda.JsonProcessingException", 1, "6m0s"},
		{"lambda:throttle=61s", "in 1 + added 0 = delivered 1 + dropped 0 + failed 0 + lost 0", "", 2, "2m1s"},
		{"lambda:slow=5s", "in 1 + added 0 = delivered 1 + dropped 0 + failed 0 + lost 0", "", 1, "2m5s"},
		{"lambda:slow=2m", "in 1 + added 0 = delivered 0 + dropped 0 + failed 1 + lost 0", "Lambda.FunctionError", 4, "10m7s"},
		{"s3:503=2", "in 1 + added 0 = delivered 1 + dropped 0 + failed 0 + lost 0", "", 1, "2m3s"},
		{"s3:slow=2s", "in 1 + added 0 = delivered 1 + dropped 0 + failed 0 + lost 0", "", 1, "2m2s"},
		{"s3:denied", "in 1 + added 0 = delivered 0 + dropped 0 + failed 0 + lost 1", "", 1, "24h0m3s"},
	} {
		t.Run(tt.faults, func(t *testing.T) {
			d, err := Parse("s.json", []byte(faultStream), DescribeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			f := &Faults{}
			for _, spec := range strings.Fields(tt.faults) {
				v, err := ParseFault(spec)
				if err != nil {
					t.Fatal(err)
				}
				f.Add(v)
			}
			pass := hydrant.NewHandler(hydrant.Func(func(_ context.Context, r hydrant.Record) hydrant.Result { return hydrant.PassResult(r) }))
			p, err := f.New(d.Stream, Options{Bucket: &s3.Memory{}, Invoker: pass})
			if err != nil {
				t.Fatal(err)
			}
			in, err := input.NewReader(strings.NewReader("x\n"), "x", input.Lines)
			if err != nil {
				t.Fatal(err)
			}
			if err := Replay(context.Background(), p, d.Stream, in, ReplayOptions{}); err != nil {
				t.Fatal(err)
			}
			l := p.Ledger()
			if err := l.Check(); err != nil {
				t.Error(err)
			}
			if got := p.Now().Sub(DefaultStart).String(); l.String() != tt.want || l.Invoked != tt.invoked || got != tt.done {
				t.Errorf("%s, %d invocations, done after %s", l.String(), l.Invoked, got)
			}
			if tt.failed != "" && l.Failures[tt.failed] != 1 {
				t.Errorf("failures %v", l.Failures)
			}
		})
	}
}

// TestFaultDisk: what the journal can't keep for a while is put again later, and nothing is lost.
func TestFaultDisk(t *testing.T) {
	d, err := Parse("s.json", []byte(faultStream), DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.Stream.Lambda = nil
	j, err := buffer.OpenJournal(t.TempDir(), buffer.JournalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	faults := &Faults{}
	faults.Add(Fault{Place: "disk", Kind: "full", For: 90 * time.Second})
	bucket := &s3.Memory{}
	p, err := faults.New(d.Stream, Options{Bucket: bucket, Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	if err := Replay(context.Background(), p, d.Stream, &modelInput{records: modelRecords(0, 5)}, ReplayOptions{Journal: j}); err != nil {
		t.Fatal(err)
	}
	if l := p.Ledger(); l.Delivered() != 5 || l.Check() != nil || j.Left() != 0 {
		t.Errorf("%s, %d left in the journal", l.String(), j.Left())
	}
}

// TestFaultElsewhere: a fault at a place that the stream doesn't have is an error, not a fault that never happens.
func TestFaultElsewhere(t *testing.T) {
	d, err := Parse("s.json", []byte(faultStream), DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for spec, want := range map[string]string{"backup:503": "the stream s has no source backup", "splunk:slow=1s": "the stream s does not deliver there", "disk:full": "keeps nothing on a disk"} {
		f, err := ParseFault(spec)
		if err != nil {
			t.Fatal(err)
		}
		faults := &Faults{}
		faults.Add(f)
		if _, err := faults.New(d.Stream, Options{Bucket: &s3.Memory{}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", spec, err)
		}
	}
}
