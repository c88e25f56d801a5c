package replaytest

import (
	"fmt"
	"testing"
)

func TestSplitCommand(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{`node index.js`, []string{"node", "index.js"}},
		{`"a b" 'c "d"' e\ f ""`, []string{"a b", `c "d"`, "e f", ""}},
		{`x"y"z`, []string{"xyz"}},
		{`'open`, nil}, {` `, nil},
	} {
		got, err := splitCommand(tt.in)
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) || (err == nil) != (tt.want != nil) {
			t.Errorf("%s: %q, %v", tt.in, got, err)
		}
	}
}
