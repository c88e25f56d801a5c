package main

import (
	"fmt"
	"strconv"
	"strings"
)

// A bound is --max-failed: a number of records, or a share of them.
type bound struct {
	count   int64
	percent float64
	share   bool
}

func parseBound(s string) (bound, error) {
	if p, ok := strings.CutSuffix(s, "%"); ok {
		f, err := strconv.ParseFloat(p, 64)
		if err != nil || !(f >= 0 && f <= 100) {
			return bound{}, fmt.Errorf("%q is no percentage", s)
		}
		return bound{percent: f, share: true}, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return bound{}, fmt.Errorf("%q is neither a number nor a percentage", s)
	}
	return bound{count: n}, nil
}

// allows reports whether failed of all records is within the bound.
func (b bound) allows(failed, all int64) bool {
	if b.share {
		return float64(failed)*100 <= b.percent*float64(all)
	}
	return failed <= b.count
}
