// The function clean drops heartbeats, sets aside what is no JSON object, and adds the user's profile to the others where it is
// told to.
package main

import (
	"encoding/json"
	"os"
	"strings"
)

// What becomes of a record.
const (
	ok      = "Ok"               // it goes on, as the data that is returned
	dropped = "Dropped"          // it was left out on purpose
	failed  = "ProcessingFailed" // it goes to the error output, as it came
)

// profile is what a real function would look up: 2 KiB of text.
var profile = strings.Repeat("profile ", 256)

// transform is called with every record.
func transform(data []byte) (result string, out []byte) {
	var event map[string]json.RawMessage
	if json.Unmarshal(data, &event) != nil {
		return failed, nil
	}
	if string(event["type"]) == `"heartbeat"` {
		return dropped, nil
	}
	if os.Getenv("PROFILES") == "true" {
		event["profile"], _ = json.Marshal(profile) // a string always can be
		data, _ = json.Marshal(event)
	}
	return ok, data
}
