package conformance

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestConvertKill kills conversions of a folder at random moments: what has a final name is whole, and the same command gives the bytes
// of a run that nothing killed. HYDRANT_KILLS says how often.
func TestConvertKill(t *testing.T) {
	kills := number(t, "HYDRANT_KILLS", 20)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o777); err != nil {
		t.Fatal(err)
	}
	records := parquetRecords(3000)
	for i := range 12 { // small ones, which are converted side by side, and one that has all cores
		body := records
		if i == 5 {
			body = bytes.Repeat(records, 16)
		}
		write(t, dir, fmt.Sprintf("in/%02d.ndjson", i), string(body))
	}
	convert := func(to string) *exec.Cmd {
		return command(dir, hydrant(t), "convert", "--schema", parquetSchema, "--max-failed", "2%", "--quiet", "--to", "parquet", "--out", to+"/", "in")
	}
	start := time.Now()
	if out, err := convert("want").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	whole := time.Since(start)
	want := tree(t, filepath.Join(dir, "want"))
	rng := rand.New(rand.NewPCG(3, uint64(kills)))
	killed, parts := 0, 0
	for range kills {
		out := filepath.Join(dir, "out")
		cmd := convert("out")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(rng.Int64N(int64(whole))), func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		if err != nil {
			killed++
		}
		files, err := os.ReadDir(out)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasPrefix(f.Name(), ".") && strings.HasSuffix(f.Name(), ".part") {
				parts++
				continue
			}
			got, err := os.ReadFile(filepath.Join(out, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if whole, err := os.ReadFile(filepath.Join(dir, "want", f.Name())); err != nil || !bytes.Equal(got, whole) {
				t.Errorf("%s has its name, but %d of %d bytes: %v", f.Name(), len(got), len(whole), err)
			}
		}
		if _, err := os.Stat(out + ".errors.ndjson"); err == nil && len(files) < 12 {
			t.Error("the error lines have their name before the run has its end")
		}
		if out, err := convert("out").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if err := removeParts(out); err != nil {
			t.Fatal(err)
		}
		if got := tree(t, out); got != want {
			t.Fatalf("run again, after a kill:\n%s\nwant\n%s", got, want)
		}
		if a, b := read(t, out+".errors.ndjson"), read(t, filepath.Join(dir, "want.errors.ndjson")); a != b {
			t.Fatalf("run again, after a kill: %d bytes of error lines, want %d", len(a), len(b))
		}
		if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(out + ".errors.ndjson"); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d runs were killed, and left %d files beside their names", killed, kills, parts)
}

// removeParts removes what killed runs left beside final names.
func removeParts(dir string) error {
	parts, err := filepath.Glob(filepath.Join(dir, ".*.part"))
	for _, p := range parts {
		if err == nil {
			err = os.Remove(p)
		}
	}
	return err
}

// pour writes a block to w until n bytes are written, or w is closed.
func pour(w io.WriteCloser, block []byte, n int) {
	for ; n > 0; n -= len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
	_ = w.Close()
}

// TestConvertTerminated ends a conversion in the midst of its input: nothing has a name, and it says so.
func TestConvertTerminated(t *testing.T) {
	block := parquetRecords(3000)
	for _, tt := range []struct {
		signal os.Signal
		status int
		more   int // blocks behind the signal: the input may also have nothing more for now
	}{{syscall.SIGTERM, 143, 50}, {os.Interrupt, 130, 50}, {syscall.SIGTERM, 143, 0}} {
		for _, format := range []string{"parquet", "orc"} {
			dir := t.TempDir()
			cmd := command(dir, hydrant(t), "convert", "--schema", parquetSchema, "--to", format, "--out", "o", "-")
			var errs bytes.Buffer
			cmd.Stderr = &errs
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for range 20 {
				if _, err := in.Write(block); err != nil {
					t.Fatal(err)
				}
			}
			if err := cmd.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			for range tt.more {
				_, _ = in.Write(block) // it may have ended
			}
			hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait()
			if !hung.Stop() {
				t.Errorf("%v, %s, %d blocks more: it did not end", tt.signal, format, tt.more)
			}
			left, err := os.ReadDir(dir)
			if status := cmd.ProcessState.ExitCode(); err != nil || status != tt.status || len(left) > 0 || !strings.Contains(errs.String(), "are in NO file") {
				t.Errorf("%v, %s: status %d, files %v, %s", tt.signal, format, status, left, errs.String())
			}
		}
	}
}

// TestConvertFlat converts HYDRANT_CONVERT_BYTES that come through a pipe: memory doesn't grow with them.
func TestConvertFlat(t *testing.T) {
	bytes := number(t, "HYDRANT_CONVERT_BYTES", 1e9)
	block := parquetRecords(3000)
	for _, format := range []string{"parquet", "orc"} {
		dir := t.TempDir()
		cmd := command(dir, hydrant(t), "convert", "--schema", parquetSchema, "--to", format, "--memory", "128MiB", "--max-failed", "2%", "--out", "o", "--json", "-")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		go pour(in, block, bytes)
		out, err := cmd.Output()
		usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if err != nil || usage.Maxrss > 250<<10 {
			t.Errorf("%s: %v, %d KB of memory at the peak: %s", format, err, usage.Maxrss, out)
		}
		t.Logf("%s: %d bytes, %d MB of memory at the peak", format, bytes, usage.Maxrss>>10)
	}
}

// TestCommandIsSmall: what the command links for its URLs costs neither its size nor its start. It is the CPU's time that counts, which
// other programs don't lengthen.
func TestCommandIsSmall(t *testing.T) {
	info, err := os.Stat(hydrant(t))
	if err != nil {
		t.Fatal(err)
	}
	best := time.Hour
	for range 10 {
		cmd := exec.Command(hydrant(t), "--help")
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		best = min(best, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	if info.Size() >= 60e6 || best >= 50*time.Millisecond {
		t.Errorf("%d bytes, --help takes %v", info.Size(), best)
	}
	t.Logf("%d bytes, --help takes %v", info.Size(), best)
}
