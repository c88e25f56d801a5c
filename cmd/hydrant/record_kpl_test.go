package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestMalformedAggregates: an aggregate that can't be read is a plain record, and is told of.
func TestMalformedAggregates(t *testing.T) {
	dir := folderOf(t, "template.yaml", fmt.Sprintf(recorded, kinesis))
	const broken, whole = `{"data":"84mawgoCcGsaf2H/II/+R3rqiz+9FZWzSc8=","partitionKey":"a","sequenceNumber":"1"}`, `{"data":"84mawgoCcGsaBQgAGgFhGgUIABoBYm8eJN6WJU2q153zwceplA8=","partitionKey":"a","sequenceNumber":"2"}`
	for input, want := range map[string]bool{broken: true, whole: false} {
		write(t, dir, "in", input+"\n")
		out, errs, status := command(t, dir, "", "replay", "--function", "f=builtin:general", "in")
		const notice = "notice: 1 aggregate of the Kinesis Producer Library can't be read: taken as plain"
		if status != 0 || strings.Contains(out, notice) != want {
			t.Errorf("status %d %s%s", status, out, errs)
		}
	}
}
