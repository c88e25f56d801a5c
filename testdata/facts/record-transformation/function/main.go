// The function answer answers what its records ask for, so that a case says with its records what the function did:
//
//	{"id":1}                                        Ok, with the data as it came
//	{"id":1,"answer":{"result":"Dropped"}}          this answer, under the record's id unless it has one of its own
//	{"id":1,"answer":[]}                            no answer; or several
//	{"id":1,"show":"record"}                        Ok, with the record as it stands in the event
//	{"id":1,"show":"event"}                         Ok, with the event's members other than records
//	{"id":1,"show":"attempts"}                      an error, until the third attempt; then Ok, with what all of them had
//	{"respond":"text"}                              the whole response is this text
//	{"pad":6291457}                                 the whole response is that long
//	{"backwards":true}                              the answers are in reverse order
//	{"raise":"text"}                                an error
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-lambda-go/lambda"
)

// An order is what a record asks for.
type order struct {
	Answer    json.RawMessage `json:"answer"`
	Show      string          `json:"show"`
	Respond   *string         `json:"respond"`
	Pad       int             `json:"pad"`
	Backwards bool            `json:"backwards"`
	Raise     string          `json:"raise"`
}

// A function remembers what it was invoked with.
type function struct {
	attempts                int
	invocationIDs, batchIDs map[string]bool // a batch's are its records' ids, joined
}

// Invoke makes the response.
func (f *function) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	var event map[string]json.RawMessage
	var records []map[string]any
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(event["records"], &records); err != nil {
		return nil, err
	}
	delete(event, "records")
	head, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	f.note(string(event["invocationId"]), records)

	answers := []any{}
	pad, backwards := 0, false
	for _, r := range records {
		shown := data(r)
		var o order
		_ = json.Unmarshal(shown, &o) // what is no order asks for nothing
		switch {
		case o.Raise != "":
			return nil, errors.New(o.Raise)
		case o.Respond != nil:
			return []byte(*o.Respond), nil
		case o.Show == "record":
			shown, err = json.Marshal(r)
		case o.Show == "event":
			shown = head
		case o.Show == "attempts":
			if f.attempts < 3 {
				return nil, errors.New("not yet")
			}
			shown = fmt.Appendf(nil, `{"attempts":%d,"invocationIds":%d,"batches":%d}`, f.attempts, len(f.invocationIDs), len(f.batchIDs))
		}
		if err != nil {
			return nil, err
		}
		pad, backwards = pad+o.Pad, backwards || o.Backwards
		list, err := answersOf(o.Answer, r, shown)
		if err != nil {
			return nil, err
		}
		answers = append(answers, list...)
	}
	if backwards {
		slices.Reverse(answers)
	}
	out, err := json.Marshal(map[string]any{"records": answers})
	return append(out, bytes.Repeat([]byte(" "), max(0, pad-len(out)))...), err
}

// data is what a record holds.
func data(r map[string]any) []byte {
	for _, name := range []string{"data", "kafkaRecordValue"} {
		if text, ok := r[name].(string); ok {
			var b []byte
			if json.Unmarshal([]byte(`"`+text+`"`), &b) == nil {
				return b
			}
		}
	}
	return nil
}

// answersOf are the answers that a record asks for: one, or a list.
func answersOf(ask json.RawMessage, r map[string]any, shown []byte) ([]any, error) {
	list := []map[string]any{}
	switch {
	case ask == nil:
		name := "data"
		if r["kafkaRecordValue"] != nil {
			name = "kafkaRecordValue"
		}
		list = append(list, map[string]any{"result": "Ok", name: shown})
	case ask[0] == '[':
		if err := json.Unmarshal(ask, &list); err != nil {
			return nil, err
		}
	default:
		var one map[string]any
		if err := json.Unmarshal(ask, &one); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	out := []any{}
	for _, a := range list {
		if a["recordId"] == nil {
			a["recordId"] = r["recordId"]
		}
		out = append(out, a)
	}
	return out, nil
}

// note remembers an invocation.
func (f *function) note(id string, records []map[string]any) {
	batch := ""
	for _, r := range records {
		batch += fmt.Sprint(r["recordId"], ",")
	}
	f.attempts++
	f.invocationIDs[id], f.batchIDs[batch] = true, true
}

func main() {
	lambda.Start(&function{invocationIDs: map[string]bool{}, batchIDs: map[string]bool{}})
}
