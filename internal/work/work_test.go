package work

import "testing"

func TestEach(t *testing.T) {
	for _, workers := range []int{0, 1, 3, 100} {
		for _, n := range []int{0, 1, 50} {
			calls := make([]int, n)
			Each(workers, n, func(i int) { calls[i]++ })
			for i, c := range calls {
				if c != 1 {
					t.Errorf("%d workers, %d calls: f(%d) %d times", workers, n, i, c)
				}
			}
		}
	}
}
