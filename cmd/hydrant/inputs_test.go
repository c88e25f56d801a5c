package main

import (
	"io"
	"strings"
	"testing"
)

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

// TestInputClosed: an input is closed where it has been read, and where it can't be.
func TestInputClosed(t *testing.T) {
	for text, fine := range map[string]bool{"a\n": true, "\x1f\x8b\x08": false} {
		f := &closing{Reader: strings.NewReader(text)}
		in := &records{files: []source{{name: "in", open: func() (io.ReadCloser, error) { return f, nil }}}}
		var err error
		for err == nil {
			_, err = in.Next()
		}
		if (err == io.EOF) != fine || !f.closed {
			t.Errorf("%q: %v, closed %v", text, err, f.closed)
		}
	}
}
