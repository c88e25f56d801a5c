//go:build !linux

package buffer

import (
	"errors"
	"os"
)

// canSpill is false where memory has no bound: the system's own swapping does what a temporary file would.
const canSpill = false

func mapFile(*os.File, int64, int) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmap([]byte) {}

func release([]byte) {}
