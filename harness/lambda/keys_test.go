package lambda

import (
	"slices"
	"testing"
)

// TestPartitionKeys: values are texts, of equal keys the last counts, and what is missing is empty (dynamic-partitioning.md §3).
func TestPartitionKeys(t *testing.T) {
	x := &Transform{opts: Options{Keys: []string{"b", "a"}}}
	for _, tt := range []struct {
		object string
		want   []string
	}{
		{`{"a":"1","b":"2","c":"3"}`, []string{"2", "1"}},
		{`{"\u0061":"\u00e9\n"}`, []string{"", "é\n"}},
		{`{"a":1,"b":null}`, []string{"", ""}},
		{`{"a":"1","a":"2","b":"x","b":null}`, []string{"", "2"}},
		{``, []string{"", ""}},
	} {
		var object []byte
		if tt.object != "" {
			object = []byte(tt.object)
		}
		if got := x.partitionKeys(object); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.object, got, tt.want)
		}
	}
}
