package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// A scripted copier answers by a function, and notes the commands.
type scripted struct {
	answer   func(n int) (int, error)
	commands []Copy
}

func (s *scripted) Copy(_ context.Context, c *Copy) (int, error) {
	s.commands = append(s.commands, *c)
	return s.answer(len(s.commands) - 1)
}

// A broken bucket takes nothing while it is.
type broken struct {
	s3.Memory
	left int // puts that fail
}

func (b *broken) Put(ctx context.Context, o s3.Object) error {
	if b.left > 0 {
		b.left--
		return &record.Outage{Code: "S3.AccessDenied"}
	}
	return b.Memory.Put(ctx, o)
}

func testRedshift(t *testing.T, b s3.Bucket, c Copier) *Redshift {
	t.Helper()
	prefix := func(text string) *s3.Prefix {
		p, err := s3.ParsePrefix(text, s3.Use{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	to := s3.Destination{Kind: s3.Data, Bucket: b, Name: "b", Stream: "s", Version: 1, Prefix: prefix("it's/"), Seed: 1, Station: "data", Format: s3.Join{}}
	manifests := to
	manifests.Kind, manifests.Prefix, manifests.Station = s3.Manifest, prefix("it's/manifests/"), "manifest"
	return &Redshift{Data: &to, Manifest: &manifests, Command: Copy{URL: "jdbc:redshift://h.redshift.amazonaws.com:5439/dev", Table: "t", Columns: "a, b", Options: "csv"}, Role: "arn:role",
		Copier: c,
		PutAgain: func(_ int, oldest, now time.Time) (time.Time, bool) {
			return now.Add(time.Second), now.Sub(oldest) < 3*time.Second
		},
		CopyAgain: func(_ int, first, now time.Time) bool { return now.Sub(first) < 10*time.Minute },
	}
}

// TestRedshiftDelivery follows a batch (destinations.md §1): the object, its manifest, the command, which is repeated as it was.
func TestRedshiftDelivery(t *testing.T) {
	var bucket s3.Memory
	s := &scripted{answer: func(n int) (int, error) {
		if n == 0 {
			return 0, &record.Outage{Code: "Redshift.DiskFull", Message: "full"}
		}
		return 0, nil
	}}
	d := testRedshift(t, &bucket, s).Begin(t0, testRecords("1,2\n", "3,4\n"))
	var o *record.Outage
	if p, err := d.Attempt(context.Background(), t0); !errors.As(err, &o) || o.Code != "Redshift.DiskFull" || o.Final || p.Delivered != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	if p, err := d.Attempt(context.Background(), t0.Add(5*time.Minute)); err != nil || p.Delivered != 2 || !p.Done {
		t.Fatalf("%+v, %v", p, err)
	}
	if len(bucket.Objects) != 2 || string(bucket.Objects[0].Body) != "1,2\n3,4\n" {
		t.Fatalf("%+v", bucket.Objects)
	}
	data, manifest := bucket.Objects[0], bucket.Objects[1]
	if !strings.HasPrefix(manifest.Key, "it's/manifests/2025/03/01/10/s-1-2025-03-01-10-30-00-") || manifest.Kind != s3.Manifest {
		t.Errorf("%s of %s", manifest.Key, manifest.Kind)
	}
	if got, want := string(manifest.Body), fmt.Sprintf(`{"entries":[{"url":"s3://b/%s","mandatory":true}]}`, data.Key); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	want := fmt.Sprintf("COPY t (a, b) FROM 's3://b/%s' CREDENTIALS 'aws_iam_role=arn:role' MANIFEST csv", strings.ReplaceAll(manifest.Key, "'", "''"))
	if s.commands[0].Statement != want || s.commands[1].Statement != want || s.commands[0].ID != s.commands[1].ID || string(s.commands[0].Body) != string(manifest.Body) {
		t.Errorf("%+v, want %s", s.commands, want)
	}
}

// TestRedshiftSkips: what is given up fails record by record, and the first of them has the manifest's entry.
func TestRedshiftSkips(t *testing.T) {
	var bucket s3.Memory
	s := &scripted{answer: func(int) (int, error) { return 0, errors.New("what?") }}
	d := testRedshift(t, &bucket, s).Begin(t0, testRecords("1", "2", "3")).(*redshiftDelivery)
	var o *record.Outage
	for i, final := range []bool{false, false, true} {
		if _, err := d.Attempt(context.Background(), t0.Add(time.Duration(i)*5*time.Minute)); !errors.As(err, &o) || o.Final != final || o.Code != "Redshift.InternalError" {
			t.Fatalf("attempt %d: %+v", i, o)
		}
	}
	failed := d.GiveUp(o, 3, t0)
	var lines []byte
	for i := range failed {
		if f := &failed[i]; f.Cause != record.RedshiftFailed || f.Attempts != 3 || f.Code != o.Code {
			t.Errorf("%+v", f)
		}
		lines = s3.AppendFailure(lines, &failed[i])
	}
	if want := fmt.Sprintf(`{"url":"s3://b/%s","mandatory":true}`, bucket.Objects[0].Key); len(failed) != 3 || string(lines) != want {
		t.Errorf("%d failures, %s, want %s", len(failed), lines, want)
	}
	batch := testRecords(string(lines), "", "", `{"url":"s3://b/other","mandatory":true}`)
	body, n, _, err := SkippedManifest{}.Encode(context.Background(), nil, batch)
	if want := `{"entries":[` + string(lines) + `,{"url":"s3://b/other","mandatory":true}]}`; string(body) != want || n != 4 || err != nil {
		t.Errorf("%s of %d, want %s", body, n, want)
	}
}

// TestRedshiftBucket: objects that can't be put are waited for, which is no attempt of the COPY, and are lost in the end.
func TestRedshiftBucket(t *testing.T) {
	for _, tt := range []struct {
		left  int
		lost  int
		wakes int
	}{{0, 0, 0}, {1, 0, 1}, {3, 0, 3}, {9, 2, 3}} {
		bucket := &broken{left: tt.left}
		s := &scripted{answer: func(int) (int, error) { return 0, nil }}
		r := testRedshift(t, bucket, s)
		told := 0
		r.Trouble = func(time.Time, *record.Outage) { told++ }
		d := r.Begin(t0, testRecords("1", "2"))
		wakes := 0
		for now := t0; ; {
			p, err := d.Attempt(context.Background(), now)
			if err != nil {
				t.Fatal(err)
			}
			if p.Done {
				if p.Lost != tt.lost || p.Delivered != 2-tt.lost || wakes != tt.wakes || told != min(tt.left, 4) {
					t.Errorf("%d failures: %+v after %d waits, told %d times", tt.left, p, wakes, told)
				}
				break
			}
			now = p.Wake
			wakes++
		}
		if got := len(s.commands); got != 1-tt.lost/2 {
			t.Errorf("%d failures: %d commands", tt.left, got)
		}
	}
}

// TestRedshiftRejected: rows that MAXERROR has COPY leave out are lost, and no more than there are records.
func TestRedshiftRejected(t *testing.T) {
	for rejected, lost := range []int{0, 1, 2, 2, 2} {
		s := &scripted{answer: func(int) (int, error) { return rejected, nil }}
		p, err := testRedshift(t, &s3.Memory{}, s).Begin(t0, testRecords("1", "2")).Attempt(context.Background(), t0)
		if err != nil || p.Lost != lost || p.Delivered != 2-lost || !p.Done {
			t.Errorf("%d rows: %+v, %v", rejected, p, err)
		}
	}
}

// TestCopyFiles: a command's files have its text and its manifest, and nothing of who gives it.
func TestCopyFiles(t *testing.T) {
	var bucket s3.Memory
	c := Copy{ID: "id", URL: "jdbc:redshift://h.redshift.amazonaws.com:5439/dev", User: "somebody", Password: "hidden", Statement: "COPY t", Manifest: "s3://b/m", Body: []byte(`{"entries":[]}`), Records: 7}
	if n, err := (CopyFiles{&bucket}).Copy(context.Background(), &c); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if len(bucket.Objects) != 2 || bucket.Objects[0].Key != "h.redshift.amazonaws.com/id.sql" || string(bucket.Objects[0].Body) != "COPY t\n" ||
		bucket.Objects[1].Key != "h.redshift.amazonaws.com/id.meta.json" || bucket.Objects[1].Bucket != "redshift" {
		t.Errorf("%+v", bucket.Objects)
	}
	for _, o := range bucket.Objects {
		if text := string(o.Body); strings.Contains(text, "hidden") || strings.Contains(text, "somebody") || o.Kind != s3.Request {
			t.Errorf("%s", text)
		}
	}
}
