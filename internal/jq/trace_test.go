package jq

import (
	"strings"
	"testing"
)

// TestTraced shows where a path expression tells how a builtin comes to its value. What is wanted is what the jq 1.6 command prints.
func TestTraced(t *testing.T) {
	for _, tt := range []struct{ query, input, want string }{
		{`path(index(.))`, `[[0],1]`, `[[[0],1],0]`},
		{`path(index(.))`, `"aba"`, `Invalid path expression near attempt to access element 0 of [0]`},
		{`index(.) = 1`, `[[0],1]`, `Cannot update field at array index of array`},
		{`index(1) |= 5`, `null`, `[null,[5]]`},
		{`path(rindex("a"))`, `["a"]`, `[["a"],{"start":-1,"end":null},0]`},
		{`path(indices("a"))`, `null`, `["a"]`},
		{`[1,2] | path(add)`, `null`, `Invalid path expression with result 3`},
		{`path([1,2] | add)`, `null`, `Invalid path expression near attempt to iterate through [1,2]`},
		{`path([2,1] | unique)`, `null`, `Invalid path expression near attempt to iterate through [[1],[2]]`},
		{`path([1,2] | reverse)`, `null`, `Invalid path expression near attempt to access element 1 of [1,2]`},
		{`path("Ab" | ascii_downcase)`, `null`, `Invalid path expression near attempt to iterate through [65,98]`},
		{`path([[1]] | flatten)`, `null`, `Invalid path expression near attempt to iterate through [[1]]`},
		{`path(["a"] | join(","))`, `null`, `Invalid path expression near attempt to iterate through ["a"]`},
		{`path("Ab" | sub("A"; "c"))`, `null`, `Invalid path expression near attempt to iterate through [{"offset":0,"length":1,"s...`},
		{`path("Ab" | gsub("z"; "c"))`, `null`, `Invalid path expression near attempt to iterate through []`},
		{`path(tostream)`, `{"a":1}`, `Invalid path expression near attempt to iterate through ["a"]`},
		{`path(from_entries)`, `{}`, `Invalid path expression near attempt to iterate through []`},
	} {
		r := command(tt.query, tt.input)
		if got := strings.Join(append(r.outputs, r.messages...), "\n"); got != tt.want {
			t.Errorf("%s of %s\n got  %s\n want %s", tt.query, tt.input, got, tt.want)
		}
	}
}
