package cwlogs

import (
	"encoding/json"
	"testing"
)

const message = `{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],
 "logEvents":[ {"id":"1","timestamp":1510109208016,"message":"a\n\"b\""} , {"id":"2","timestamp":2,"message":""},{"id":"3","timestamp":3,"message":"c","extractedFields":{"x":"y"}}], "more":1}`

func TestParse(t *testing.T) {
	var e Envelope
	rest, err := e.Parse([]byte(message + "\n{}"))
	if err != nil || string(rest) != "{}" {
		t.Fatalf("rest %q, %v", rest, err)
	}
	if string(e.Type) != "DATA_MESSAGE" || string(e.Owner) != `"1"` || string(e.LogGroup) != `"g"` || string(e.LogStream) != `"s"` || string(e.Filters) != `["f"]` || len(e.Events) != 3 {
		t.Errorf("%+v", e)
	}
	if got := e.Events[0].AppendMessage(nil); string(got) != "a\n\"b\"" {
		t.Errorf("message %q", got)
	}
	if got := string(e.Events[2].Extracted); got != `{"x":"y"}` {
		t.Errorf("extracted fields %s", got)
	}
	if got, want := string(e.Append(nil, e.Events[1:])), `{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],
 "logEvents":[{"id":"2","timestamp":2,"message":""},{"id":"3","timestamp":3,"message":"c","extractedFields":{"x":"y"}}], "more":1}`; got != want {
		t.Errorf("Append =\n%s, want\n%s", got, want)
	}
}

func TestParseErrors(t *testing.T) {
	var e Envelope
	for _, text := range []string{``, `[]`, `{}`, `{"messageType":1}`, `{"messageType":"DATA_MESSAGE","logEvents":{}}`, `{"messageType":"DATA_MESSAGE","logEvents":[1]}`, message[:len(message)-1]} {
		if _, err := e.Parse([]byte(text)); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(message))
	f.Add([]byte(`{"logEvents":null,"messageType":"CONTROL_MESSAGE"}`))
	f.Add([]byte(`{"logEvents":[{}],"messageType":"DATA_MESSAGE","logEvents":[]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e Envelope
		if _, err := e.Parse(text); err != nil {
			return
		}
		for i := range e.Events {
			e.Events[i].AppendMessage(nil)
		}
		if len(e.Events) > 0 && !json.Valid(e.Append(nil, e.Events[:len(e.Events)/2])) {
			t.Fatalf("half of %q is %q", text, e.Append(nil, e.Events[:len(e.Events)/2]))
		}
	})
}
