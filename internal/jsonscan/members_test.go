package jsonscan

import (
	"fmt"
	"testing"
)

func TestMembers(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`{}`, ""}, {` { } `[1:], ""}, {`{"a":1,"\u0062" : [2,{"c":3}] , "":null}`, "a=1 b=[2,{\"c\":3}] =null "},
	} {
		got := ""
		Members([]byte(tt.in), 0, func(key []byte, v int) {
			got += fmt.Sprintf("%s=%s ", key, tt.in[v:Value([]byte(tt.in), v)])
		})
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.in, got, tt.want)
		}
	}
}
