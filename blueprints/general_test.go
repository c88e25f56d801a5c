package blueprints

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant"
)

func TestPlacesAreLogged(t *testing.T) {
	var b bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	defer slog.SetDefault(before)
	event := `{"records":[{"recordId":"r1","data":"c2VjcmV0","kinesisRecordMetadata":{"shardId":"shardId-000000000000","partitionKey":"k","sequenceNumber":"7","subsequenceNumber":1,"approximateArrivalTimestamp":0}}]}`
	tr, err := Named("kinesis-general", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	answer, err := hydrant.NewHandler(tr).Invoke(context.Background(), []byte(event))
	if err != nil || string(answer) != `{"records":[{"recordId":"r1","result":"Ok","data":"c2VjcmV0"}]}` {
		t.Errorf("%s, %v", answer, err)
	}
	if log := b.String(); !strings.Contains(log, "recordId=r1 shardId=shardId-000000000000 partitionKey=k sequenceNumber=7 subsequenceNumber=1") || strings.Contains(log, "secret") {
		t.Errorf("log %s", log)
	}
}

// A wrong option answers every invocation of every blueprint that has one.
func TestWrongOptions(t *testing.T) {
	for _, b := range List() {
		for _, o := range b.Options {
			if o.Name == "HASH_KEY" || o.Name == "DATABASE" {
				continue // takes anything
			}
			tr, err := Named(b.Name, func(name string) string {
				if name == o.Name {
					return "\x00,"
				}
				return ""
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tr.Transform(context.Background(), []hydrant.Record{{ID: "r"}}); err == nil || !strings.Contains(err.Error(), "option "+o.Name) {
				t.Errorf("%s: a wrong %s: %v", b.Name, o.Name, err)
			}
		}
	}
}
