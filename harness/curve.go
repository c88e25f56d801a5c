package harness

import "time"

// curvePoints is how many spans a Curve has at most.
const curvePoints = 32

// A Curve is how many of something there were over time, the most in each of at most 32 equal spans. Its zero
// value is empty.
type Curve struct {
	Start time.Time
	Span  time.Duration
	Most  []int
	now   int // how many there are
}

// add notes that there are n from at on.
func (c *Curve) add(at time.Time, n int) {
	if c.Most == nil {
		c.Start, c.Span = at, time.Second
	}
	i := max(int(at.Sub(c.Start)/c.Span), 0)
	for i >= curvePoints {
		half := (len(c.Most) + 1) / 2
		for j := range half {
			c.Most[j] = c.Most[2*j]
			if 2*j+1 < len(c.Most) {
				c.Most[j] = max(c.Most[j], c.Most[2*j+1])
			}
		}
		c.Most, c.Span, i = c.Most[:half], 2*c.Span, i/2
	}
	for len(c.Most) <= i {
		c.Most = append(c.Most, c.now) // those that were there stayed
	}
	c.now = n
	c.Most[i] = max(c.Most[i], n)
}
