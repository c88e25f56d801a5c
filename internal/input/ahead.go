package input

import (
	"io"
	"sync"
)

// What is decompressed before it is read: 16 MiB, as much as comes while a converter ends a row group and reads nothing.
const (
	aheadBytes  = 512 << 10
	aheadBlocks = 32
)

// An ahead decompresses on a goroutine of its own, up to a few blocks ahead of who reads. The goroutine begins with the first Read
// and ends with the input or with Close.
type ahead struct {
	src   io.ReadCloser
	full  chan block
	empty chan []byte
	stop  chan struct{}
	begin sync.Once
	ended sync.WaitGroup

	at   []byte // what is left of the block at hand
	held []byte
	err  error
}

// A block is decompressed bytes, and the error behind them.
type block struct {
	b   []byte
	err error
}

func newAhead(src io.ReadCloser) *ahead {
	return &ahead{src: src, full: make(chan block, aheadBlocks), empty: make(chan []byte, aheadBlocks), stop: make(chan struct{})}
}

// run reads blocks until the input ends.
func (a *ahead) run() {
	for made := 0; ; {
		var b []byte
		select {
		case b = <-a.empty:
		default:
			if made < aheadBlocks {
				b = make([]byte, aheadBytes)
				made++
				break
			}
			select {
			case b = <-a.empty:
			case <-a.stop:
				return
			}
		}
		n, err := fill(a.src, b)
		select {
		case a.full <- block{b[:n], err}:
		case <-a.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// Read reads what is decompressed.
func (a *ahead) Read(p []byte) (int, error) {
	a.begin.Do(func() { a.ended.Go(a.run) })
	for len(a.at) == 0 {
		if a.err != nil {
			return 0, a.err
		}
		if a.held != nil {
			a.empty <- a.held[:cap(a.held)] // there is room: no more blocks are made than it holds
			a.held = nil
		}
		x := <-a.full
		a.at, a.held, a.err = x.b, x.b, x.err
	}
	n := copy(p, a.at)
	a.at = a.at[n:]
	return n, nil
}

// Close ends the goroutine and closes the source.
func (a *ahead) Close() error {
	close(a.stop)
	a.ended.Wait()
	return a.src.Close()
}
