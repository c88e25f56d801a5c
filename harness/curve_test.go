package harness

import (
	"fmt"
	"testing"
	"time"
)

func TestCurve(t *testing.T) {
	var c Curve
	c.add(t0, 1)
	c.add(t0.Add(500*time.Millisecond), 3)
	c.add(t0.Add(4*time.Second), 2)
	if fmt.Sprint(c.Most, c.Span) != "[3 3 3 3 3] 1s" {
		t.Errorf("%v, %v each", c.Most, c.Span)
	}
	c.add(t0.Add(time.Hour), 9)
	if len(c.Most) > curvePoints || c.Most[0] != 3 || c.Most[len(c.Most)-1] != 9 || c.Most[1] != 2 || time.Duration(len(c.Most))*c.Span < time.Hour {
		t.Errorf("%v, %v each", c.Most, c.Span)
	}
}
