//go:build race

package compress

// raceEnabled: the race detector empties pools at random, so allocations say nothing.
const raceEnabled = true
