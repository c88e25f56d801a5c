package input

import (
	"bytes"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// detectLines is how many lines must be whole JSON values for lines of JSON.
const detectLines = 100

// recordMembers are those that a line of the format records may have: an application's event
// with a member data of its own is no captured record.
var recordMembers = map[string]bool{"data": true, "text": true, "approximateArrivalTimestamp": true, "partitionKey": true,
	"sequenceNumber": true, "recordId": true, "kinesisRecordMetadata": true, "mskRecordMetadata": true, "kafkaRecordValue": true}

// detect finds the format of an input by its first bytes; whole says that these are all.
func detect(head []byte, whole bool) Format {
	i := jsonscan.Space(head, 0)
	if i == len(head) || head[i] != '{' && head[i] != '[' {
		return Lines
	}
	if head[i] == '{' {
		if f := detectObject(head, i, whole); f != "" {
			return f
		}
	}
	rest := head
	for n := 0; n < detectLines && len(rest) > 0; n++ {
		line := rest
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			if !whole && n > 0 {
				break // the last line that was looked at isn't all there
			}
			rest = nil
		} else {
			line, rest = rest[:end], rest[end+1:]
		}
		at := jsonscan.Space(line, 0)
		if at == len(line) {
			continue
		}
		if e := jsonscan.Value(line, at); e < 0 || jsonscan.Space(line, e) != len(line) {
			if n == 0 && line[at] == '[' && broken(line, at) {
				return Lines // "[error] no such file"
			}
			return JSON
		}
		if line[at] == '[' && n == 0 && len(bytes.TrimSpace(rest)) == 0 {
			return JSON // one array in one line is a list of records
		}
	}
	return Lines
}

// broken reports whether a line isn't JSON values, nor their beginning.
func broken(line []byte, i int) bool {
	for i < len(line) {
		if e := jsonscan.Explain(line, i); e != nil {
			return e.Offset < len(line)
		}
		i = jsonscan.Space(line, jsonscan.Value(line, i))
	}
	return false
}

// detectObject looks at the members of the first object.
func detectObject(b []byte, i int, whole bool) Format {
	if jsonscan.Value(b, i) < 0 {
		if !whole && recordHead(b[i:]) {
			return Records
		}
		// An event may be larger than what was looked at.
		if !whole && bytes.Contains(b, []byte(`"records"`)) && bytes.Contains(b, []byte(`"recordId"`)) && bytes.Contains(b, []byte(`"invocationId"`)) {
			return Event
		}
		return ""
	}
	var f Format
	known := true
	jsonscan.Members(b, i, func(key []byte, v int) {
		known = known && recordMembers[string(key)]
		switch {
		case (string(key) == "data" || string(key) == "text") && b[v] == '"', string(key) == "recordId":
			f = Records
		case string(key) == "rawData" && b[v] == '"':
			f, known = Failed, true
		case string(key) == "records" && b[v] == '[':
			if e := jsonscan.Space(b, v+1); b[e] == '{' {
				jsonscan.Members(b, e, func(key []byte, _ int) {
					if string(key) == "recordId" {
						f = Event
					}
				})
			}
		}
	})
	if f == Records && !known {
		return ""
	}
	return f
}

// recordHead reports whether b begins a captured record that is larger than what was looked at: its data, and nothing but base64.
func recordHead(b []byte) bool {
	data, ok := bytes.CutPrefix(b, []byte(`{"data":"`))
	if !ok {
		return false
	}
	for _, c := range data {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '/' {
			return false
		}
	}
	return true
}
