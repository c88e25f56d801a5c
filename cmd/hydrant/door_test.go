package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/replaytest"
)

// TestReplayPutBack: what an answer has no room for comes again, in the same order however many invocations run at once.
func TestReplayPutBack(t *testing.T) {
	var in strings.Builder
	for i := range 24 { // of a mebibyte each, and hardly any when it is compressed
		fmt.Fprintf(&in, `{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[{"id":"%d","timestamp":1,"message":"%d%s"}]}`+"\n",
			i, i, strings.Repeat("x", 1<<20))
	}
	template := strings.Replace(transformed, "}]", `}, { ParameterName: BufferSizeInMBs, ParameterValue: "0.2" }]`, 1)
	var first string
	for _, flags := range []string{"--jobs=1", "--jobs=4", "--state=state"} {
		dir := folderOf(t, "template.yaml", template, "in", in.String())
		s := printed[replaytest.Summary](t, exitOK, dir, "", "replay", "--json", flags, "--input-format", "cloudwatch", "--function", "f=builtin:cloudwatch-logs", "in")
		if s.In != 24 || s.Added == 0 || s.Added != s.Dropped || s.Delivered != 24 || s.Failed != 0 {
			t.Errorf("%s: %+v", flags, s)
		}
		if got := files(t, dir+"/out"); first == "" {
			first = got
		} else if got != first {
			t.Errorf("%s gives other objects", flags)
		}
	}
}
