package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

// An event is what Firehose invokes the function with; an answer must have every record once, under its id.
type event struct {
	Records []struct {
		RecordID string `json:"recordId"`
		Data     []byte `json:"data"` // base64 in JSON
	} `json:"records"`
}

type answer struct {
	Records []answerRecord `json:"records"`
}

type answerRecord struct {
	RecordID string `json:"recordId"`
	Result   string `json:"result"`
	Data     []byte `json:"data,omitempty"`
}

func handle(body []byte) ([]byte, error) {
	var in event
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	out := answer{Records: make([]answerRecord, 0, len(in.Records))}
	for _, r := range in.Records {
		result, data := transform(r.Data)
		out.Records = append(out.Records, answerRecord{r.RecordID, result, data})
	}
	return json.Marshal(out)
}

// main speaks the Lambda Runtime API, so that the function needs no module but the standard library.
func main() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		if err := invocation(api); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// invocation takes one event and answers it.
func invocation(api string) error {
	next, err := http.Get(api + "next")
	if err != nil {
		return err
	}
	body, err := io.ReadAll(next.Body)
	next.Body.Close()
	if err != nil {
		return err
	}
	verb := "/response"
	out, err := handle(body)
	if err != nil {
		verb = "/error"
		if out, err = json.Marshal(map[string]string{"errorType": "Error", "errorMessage": err.Error()}); err != nil {
			return err
		}
	}
	done, err := http.Post(api+next.Header.Get("Lambda-Runtime-Aws-Request-Id")+verb, "application/json", bytes.NewReader(out))
	if err != nil {
		return err
	}
	return done.Body.Close()
}
