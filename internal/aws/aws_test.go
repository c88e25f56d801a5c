package aws

import (
	"context"
	"testing"
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
