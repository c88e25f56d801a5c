package aws

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
)

func TestEnvironment(t *testing.T) {
	env := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_ENDPOINT_URL_FIREHOSE": "http://127.0.0.1:1", "AWS_ENDPOINT_URL": "http://127.0.0.1:2"}
	get := func(name string) string { return env[name] }
	c, err := Environment(get)
	if err != nil {
		t.Fatal(err)
	}
	k, err := c.Credentials.Retrieve(context.Background())
	if err != nil || c.Region != "eu-west-1" || k.AccessKeyID != "id" || k.SecretAccessKey != "secret" || k.SessionToken != "token" {
		t.Errorf("%+v, %+v, %v", c, k, err)
	}
	if a, b := Endpoint(get, "FIREHOSE"), Endpoint(get, "KINESIS"); *a != "http://127.0.0.1:1" || *b != "http://127.0.0.1:2" {
		t.Errorf("endpoints %s, %s", *a, *b)
	}
	delete(env, "AWS_ENDPOINT_URL")
	if e := Endpoint(get, "KINESIS"); e != nil {
		t.Errorf("endpoint %s", *e)
	}
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID"} {
		delete(env, name)
		if _, err := Environment(get); err == nil {
			t.Errorf("no error without %s", name)
		}
	}
}

func TestSign(t *testing.T) {
	c := credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "token")
	sign := func(body, service string) http.Header {
		r, err := http.NewRequest(http.MethodPost, "https://h/_bulk", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := Sign(context.Background(), c, r, []byte(body), service, "eu-west-1", time.Unix(1700000000, 0)); err != nil {
			t.Fatal(err)
		}
		return r.Header
	}
	h := sign("body", "aoss")
	if got := h.Get("Authorization"); !strings.HasPrefix(got, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20231114/eu-west-1/aoss/aws4_request, SignedHeaders=") {
		t.Errorf("authorization %s", got)
	}
	if h.Get("X-Amz-Security-Token") != "token" || h.Get("X-Amz-Content-Sha256") != "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5" {
		t.Errorf("%v", h)
	}
	if h.Get("Authorization") == sign("another", "aoss").Get("Authorization") || h.Get("Authorization") == sign("body", "es").Get("Authorization") {
		t.Error("the same signature for something else")
	}
}
