package compress

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
)

func TestAppendGzipPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	words := make([]byte, 5*pieceBytes)
	for i := range words {
		words[i] = "abcdefgh \n"[rng.IntN(10)]
	}
	inOrder := func(n int, f func(int)) {
		for i := range n {
			f(i)
		}
	}
	beside := func(n int, f func(int)) {
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { f(i) })
		}
		wg.Wait()
	}
	for _, size := range []int{0, 1, 100, pieceBytes - 1, pieceBytes, pieceBytes + 1, 3 * pieceBytes, len(words)} {
		got := AppendGzipPieces([]byte("x"), words[:size], inOrder)
		if again := AppendGzipPieces([]byte("x"), words[:size], beside); !bytes.Equal(got, again) {
			t.Errorf("%d bytes: pieces beside each other make another member", size)
		}
		r, err := gzip.NewReader(bytes.NewReader(got[1:]))
		if err != nil {
			t.Fatal(err)
		}
		back, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(back, words[:size]) {
			t.Errorf("%d bytes: %d come back, %v", size, len(back), err)
		}
		var e Encoder
		whole, err := e.Append(nil, words[:size], GZIP, "")
		if err != nil || len(got) > len(whole)+len(whole)/100+64 {
			t.Errorf("%d bytes: %d in pieces, %d whole, %v", size, len(got), len(whole), err)
		}
	}
}
