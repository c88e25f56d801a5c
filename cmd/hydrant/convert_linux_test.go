package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// A pipe is written to, not replaced; so is what a link leads to. A new file has the mode that the umask leaves, and any name.
func TestConvertOutputs(t *testing.T) {
	dir := t.TempDir()
	pipe, link, long := filepath.Join(dir, "pipe"), filepath.Join(dir, "link"), strings.Repeat("n", 255)
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Skip(err)
	}
	write(t, dir, "old", "")
	if err := os.Symlink("old", link); err != nil {
		t.Fatal(err)
	}
	defer syscall.Umask(syscall.Umask(0o077))
	piped, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0) // waits for nobody
	if err != nil {
		t.Fatal(err)
	}
	defer piped.Close()
	for _, out := range []string{"pipe", "link", long} {
		if _, errs, status := command(t, dir, people(1, -1), "convert", "--schema", idName, "--out", out, "-"); status != exitOK {
			t.Fatalf("%s: %d %s", out, status, errs)
		}
	}
	if got := listing(t, dir); got != "link "+long+" old pipe" {
		t.Error(got)
	}
	old, err := os.ReadFile(filepath.Join(dir, "old"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(piped); err != nil || len(got) < 100 || string(got) != string(old) {
		t.Errorf("%v: %q in the pipe, %q behind the link", err, got, old)
	}
	if info, err := os.Lstat(filepath.Join(dir, long)); err != nil || info.Mode() != 0o600 {
		t.Error(info.Mode(), err)
	}
	// What the command's own stdout or stderr is redirected to isn't replaced either.
	if err := os.WriteFile(filepath.Join(dir, "log"), []byte("before\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	log, err := os.Open(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, errs, status := command(t, dir, people(1, 0), "convert", "--schema", idName, "--out", "o", "--errors", fmt.Sprintf("/dev/fd/%d", log.Fd()), "-"); status != exitSetAside {
		t.Fatalf("%d %s", status, errs)
	}
	if b, err := io.ReadAll(log); err != nil || !strings.HasPrefix(string(b), "before\n{") {
		t.Errorf("%v: %s", err, b)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error(info.Mode(), err)
	}
}

// What comes through a pipe is printed as a file is.
func TestCatPipe(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Skip(err)
	}
	t.Setenv("TMPDIR", dir)
	write(t, dir, "in.json", people(3, -1))
	if _, errs, status := command(t, dir, "", "convert", "--schema", idName, "--out", "o.parquet", "in.json"); status != exitOK {
		t.Fatal(errs)
	}
	for _, tt := range []struct{ command, file, says string }{
		{"cat", "in.json", people(3, -1)}, {"cat", "o.parquet", people(3, -1)}, {"inspect", "o.parquet", "3 rows in 1 row groups"}, {"inspect", "in.json", "neither a Parquet nor an ORC file"},
	} {
		b, err := os.ReadFile(filepath.Join(dir, tt.file))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if err := os.WriteFile(pipe, b, 0); err != nil {
				t.Error(err)
			}
		}()
		for in, name := range map[string]string{"": "pipe", string(b): "-"} {
			out, errs, _ := command(t, dir, in, tt.command, name)
			if !strings.Contains(out+errs, tt.says) {
				t.Errorf("%s %s of %s: %s%s", tt.command, name, tt.file, out, errs)
			}
		}
	}
	if got := listing(t, dir); got != "in.json o.parquet pipe" {
		t.Error(got)
	}
}
