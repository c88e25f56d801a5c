package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
)

// A counter counts bytes, and records where somebody counts them, for a progress bar.
type counter struct{ n, records atomic.Int64 }

// counting counts what is read.
type counting struct {
	io.Reader
	c *counter
}

func (r *counting) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.c.n.Add(int64(n))
	return n, err
}

// progress shows a bar on w while work goes on: only on a terminal, and only once the work has lasted a second.
// total is in bytes; 0 is unknown. The returned function ends it.
func progress(w io.Writer, total int64, c *counter, quiet bool) (stop func()) {
	f, ok := w.(*os.File)
	if quiet || !ok || !terminal(f) {
		return func() {}
	}
	if total <= 0 {
		total = -1
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-end:
			return
		case <-time.After(time.Second):
		}
		bar := progressbar.NewOptions64(total, progressbar.OptionSetWriter(f), progressbar.OptionShowBytes(true),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond))
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		began, before := time.Now(), c.records.Load()
		for {
			if n := c.records.Load() - before; n > 0 {
				bar.Describe(fmt.Sprintf("%.0f records/s", float64(n)/time.Since(began).Seconds()))
			}
			_ = bar.Set64(c.n.Load()) // a bar that can't be drawn is no reason to stop
			select {
			case <-end:
				_ = bar.Clear()
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// terminal reports whether f is one.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
