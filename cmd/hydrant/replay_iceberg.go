package main

import (
	"context"
	"errors"
	"strings"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/s3/endpoint"
	"github.com/hydrantkit/hydrant/harness/sink"
)

// openIceberg is where the tables of a stream to Apache Iceberg are; nil where it has none, or writes what it would commit.
func openIceberg(ctx context.Context, s *harness.Stream, f *replayFlags) (*sink.IcebergLive, error) {
	if _, ok := s.Sink.(*harness.Iceberg); !ok || f.destination != "live" {
		return nil, nil
	}
	if f.endpoint == "" {
		return nil, errors.New("--destination live: a REST catalog stands in for the Glue Data Catalog: --endpoint http://127.0.0.1:8181")
	}
	return &sink.IcebergLive{Catalog: f.endpoint, Storage: tableFiles{newRemote(ctx)}}, nil
}

// tableFiles are the files of tables, on this machine or in buckets.
type tableFiles struct{ remote *remote }

func (t tableFiles) of(uri string) (sink.IcebergStorage, error) {
	if strings.HasPrefix(uri, "file:") {
		return sink.LocalStorage{}, nil
	}
	client, err := t.remote.client()
	return endpoint.Files{Client: client}, err
}

// Read reads a file.
func (t tableFiles) Read(ctx context.Context, uri string) ([]byte, error) {
	s, err := t.of(uri)
	if err != nil {
		return nil, err
	}
	return s.Read(ctx, uri)
}

// Create writes a file that isn't there.
func (t tableFiles) Create(ctx context.Context, uri string, data []byte) error {
	s, err := t.of(uri)
	if err != nil {
		return err
	}
	return s.Create(ctx, uri, data)
}
