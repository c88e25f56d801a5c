package main

import (
	"strings"
	"syscall"
	"testing"
)

// A full disk leaves no file, whether the data or the error lines don't fit.
func TestConvertFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("a small tmpfs can't be mounted:", err)
	}
	defer func() {
		t.Chdir("/")
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	bad := strings.Repeat(`{"id":"not a number at all"}`+"\n", 20_000)
	for name, in := range map[string]string{"data": people(300_000, -1), "errors": bad} {
		_, errs, status := command(t, dir, in, "convert", "--schema", idName, "--to", "parquet", "--option", "Compression=UNCOMPRESSED", "--out", "o", "-")
		if status != exitFailed || listing(t, dir) != "" || !strings.HasSuffix(errs, "no space left on device\n") {
			t.Errorf("%s: status %d, files %q, %s", name, status, listing(t, dir), errs)
		}
	}
}
