package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/harness/sink/postgres"
	"github.com/hydrantkit/hydrant/internal/aws"
	"github.com/hydrantkit/hydrant/internal/aws/chain"
)

// openTransport is what carries requests to another destination than S3; nil writes them.
func openTransport(ctx context.Context, s *harness.Stream, f *replayFlags) (sink.Transport, error) {
	var endpoint *url.URL
	_, redshift := s.Sink.(*harness.Redshift)
	_, snowflake := s.Sink.(*harness.Snowflake)
	if f.endpoint != "" && !redshift {
		var err error
		if endpoint, err = url.Parse(f.endpoint); err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
			return nil, errors.New("--endpoint: a URL such as http://127.0.0.1:8088 is expected")
		}
	}
	switch {
	case f.destination != "dir" && f.destination != "live":
		return nil, fmt.Errorf("--destination: %q is neither dir nor live", f.destination)
	case s.Sink == nil && (f.destination == "live" || endpoint != nil):
		return nil, fmt.Errorf("--destination live: the stream %s delivers to S3 only; --out may be s3://BUCKET/PREFIX", s.Name)
	case f.endpoint != "" && f.destination != "live":
		return nil, errors.New("--endpoint needs --destination live")
	case f.secrets != nil && f.destination != "live":
		return nil, errors.New("--secret needs --destination live")
	case f.destination == "live" && snowflake:
		return nil, errors.New("--destination live: the protocol by which Snowflake takes rows (Snowpipe Streaming) isn't public; --destination dir writes the rows, and a program of your own can load them through sink.SQL")
	case f.destination == "live" && redshift:
		return nil, nil // openCopier's
	case f.destination == "live":
		if err := openSecrets(s, f.secrets); err != nil {
			return nil, err
		}
		if e, ok := s.Sink.(*harness.OpenSearch); ok && e.Domain != "" && endpoint == nil {
			return nil, fmt.Errorf("--destination live: %s doesn't say where the domain is; say it with --endpoint", e.Domain)
		}
		if _, ok := s.Sink.(*harness.Iceberg); ok {
			endpoint = nil // it is what the catalog's URLs begin with
		}
		live := sink.NewLive(endpoint, nil)
		if endpoint == nil || endpoint.Scheme == "https" { // AWS is nowhere else
			live.Sign = signer(ctx)
		}
		return live, nil
	}
	return nil, nil
}

// openCopier is what runs the COPY commands of a stream to Redshift: nil writes them.
func openCopier(s *harness.Stream, f *replayFlags, bucket s3.Bucket) (sink.Copier, error) {
	redshift, ok := s.Sink.(*harness.Redshift)
	if !ok || f.destination != "live" {
		return nil, nil
	}
	objects, ok := bucket.(postgres.Objects)
	if f.endpoint == "" || !ok {
		return nil, errors.New("--destination live: a cluster can't read what lies under --out; a PostgreSQL server can stand in for it: --endpoint postgres://user:password@host:port/database")
	}
	if u, err := url.Parse(f.endpoint); f.secrets != nil || err == nil && u.User == nil {
		if err := openSecrets(s, f.secrets); err != nil {
			return nil, err
		}
	}
	c, err := postgres.New(f.endpoint, redshift.Copy.Options, objects)
	if err != nil {
		return nil, fmt.Errorf("--endpoint: %w", err)
	}
	return c, nil
}

// signer signs requests with the credentials that the environment, or a profile, has.
func signer(ctx context.Context) func(r *http.Request, body []byte, service, region string) error {
	load := sync.OnceValues(func() (sdk.Config, error) { return chain.Load(ctx) })
	return func(r *http.Request, body []byte, service, region string) error {
		cfg, err := load()
		if err != nil {
			return err
		}
		return aws.Sign(r.Context(), cfg.Credentials, r, body, service, region, time.Now())
	}
}

// openSecrets reads what the stream's destination is shown.
func openSecrets(s *harness.Stream, specs []string) error {
	for _, spec := range specs {
		i := strings.LastIndexByte(spec, '=') // an ARN may have one
		if i < 0 {
			return errors.New("--secret: NAME=FILE is expected")
		}
		text, err := os.ReadFile(spec[i+1:])
		if err == nil {
			err = s.SetSecret(spec[:i], text)
		}
		if err != nil {
			return fmt.Errorf("--secret: %w", err)
		}
	}
	if name := s.Secret(); name != "" {
		return fmt.Errorf("--destination live: what %s holds isn't known; say it with --secret %s=FILE", name, name)
	}
	return nil
}
