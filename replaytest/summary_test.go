package replaytest

import (
	"testing"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// TestAgree: what objects hold must be what the ledger has, of the data and of the source backup.
func TestAgree(t *testing.T) {
	entry := func(n int64) harness.Entry { return harness.Entry{In: n, Out: n} }
	for _, tt := range []struct {
		name         string
		data, backup int // records in objects
		l            harness.Ledger
		want         string
	}{
		{"both", 2, 2, harness.Ledger{Source: entry(2), Delivery: entry(2), Backup: entry(2)}, ""},
		{"no backup", 2, 0, harness.Ledger{Source: entry(2), Delivery: entry(2)}, ""},
		{"data is missing", 1, 2, harness.Ledger{Source: entry(2), Delivery: entry(2), Backup: entry(2)},
			"records are not accounted for: the ledger has 2 delivered, the objects hold 1"},
		{"the backup lacks one", 2, 1, harness.Ledger{Source: entry(2), Delivery: entry(2), Backup: entry(2)},
			"records are not accounted for: the ledger has 2 in the source backup, its objects hold 1"},
		{"a sum", 2, 0, harness.Ledger{Source: entry(3), Delivery: entry(2)}, "records are not accounted for: in 3 + added 0, but 2 at the other end"},
	} {
		s := NewSummary(tt.l, []s3.Object{{Kind: s3.Data, Records: tt.data}, {Kind: s3.Backup, Records: tt.backup}}, 0, 0)
		got := ""
		if err := s.Agree(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if b := s.Backup; (b != nil) != (tt.l.Backup.In > 0) || b != nil && (b.Name != "backup" || b.In != 2 || b.Out != 2) {
			t.Errorf("%s: backup %+v", tt.name, b)
		}
	}
}
