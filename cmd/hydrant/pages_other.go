//go:build !linux

package main

// useHugePages does nothing: only Linux is asked for huge pages.
func useHugePages(_, _ int64) {}
