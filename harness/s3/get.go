package s3

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
)

// Get returns the object that was put last under a key; an error that is fs.ErrNotExist where there is none.
func (m *Memory) Get(_ context.Context, bucket, key string) ([]byte, error) {
	for i := len(m.Objects) - 1; i >= 0; i-- {
		if o := &m.Objects[i]; o.Bucket == bucket && o.Key == key {
			return bytes.Clone(o.Body), nil
		}
	}
	return nil, fmt.Errorf("get %s: %w", key, fs.ErrNotExist)
}

// Get returns an object; an error that is fs.ErrNotExist where there is none.
func (d *Directory) Get(_ context.Context, bucket, key string) ([]byte, error) {
	b, err := d.root.ReadFile(fileName(bucket) + "/" + fileName(key))
	if err != nil { // or it is where put had to place it
		if other, oerr := d.root.ReadFile(fileName(bucket) + "/~" + hash(key)); oerr == nil {
			return other, nil
		}
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	return b, nil
}
