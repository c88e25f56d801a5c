// Package work runs calls beside each other, on a number of goroutines that the caller gives.
package work

import (
	"sync"
	"sync/atomic"
)

// Each calls f(0) to f(n-1) on up to workers goroutines and returns when all are done. What the calls make is
// joined in order by the caller, so the result doesn't depend on workers.
func Each(workers, n int, f func(i int)) {
	if workers <= 1 || n <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		}()
	}
	wg.Wait()
}
