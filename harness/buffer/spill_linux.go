package buffer

import (
	"os"
	"syscall"
)

// mapFile reserves n bytes of the file from at on, and maps them.
func mapFile(f *os.File, at int64, n int) ([]byte, error) {
	if err := syscall.Fallocate(int(f.Fd()), 0, at, int64(n)); err != nil {
		return nil, os.NewSyscallError("fallocate", err)
	}
	b, err := syscall.Mmap(int(f.Fd()), at, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	return b, os.NewSyscallError("mmap", err)
}

func unmap(b []byte) { _ = syscall.Munmap(b) }

// release tells the system that b is not used for now. Only whole pages can be; what is written stays written.
func release(b []byte) {
	const page = 4096
	if len(b) >= page && cap(b) >= page {
		_ = syscall.Madvise(b[:len(b)/page*page], syscall.MADV_DONTNEED)
	}
}

const canSpill = true
