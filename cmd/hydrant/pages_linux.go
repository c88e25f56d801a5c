package main

import (
	"runtime"
	"syscall"
	"unsafe"
)

// useHugePages asks the system to give the heap's first n bytes, 1 GiB at most, as pages of 2 MiB, for an input of so many bytes; 0 is
// not known. With pages of 4 KiB, which is what a Go program gets where larger ones are given on request only, faults and lookups
// of addresses take a twentieth of a conversion and a fifth of a replay. Where there are none, nothing happens.
func useHugePages(n, input int64) {
	const huge = 2 << 20
	if n = min(n, 1<<30); n < 2*huge || input > 0 && input < 16*huge {
		return
	}
	b := make([]byte, n) // which isn't touched
	b = b[-uintptr(unsafe.Pointer(&b[0]))&(huge-1):]
	_ = syscall.Madvise(b[:len(b)&^(huge-1)], syscall.MADV_HUGEPAGE)
	b = nil
	runtime.GC() // the heap has that memory again, which stays as it is
}
