// Command drive times functions of one blueprint beside each other. Each runs as a bootstrap process that is
// played the Lambda Runtime API; all take the same event in turns, so that what else the machine does falls on
// all of them. Its arguments name them, the first being what the others are compared with:
//
//	drive -lines access.log.gz 'hydrant=./bootstrap' 'node=node bootstrap.js'
//
// After @ stand the files whose size counts, separated by commas; without them the program's own.
package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/harness/record"
)

// A function is one that is timed, and what was seen of it.
type function struct {
	name    string
	command []string
	size    int64 // bytes on disk
	echo    bool  // its answer is no answer

	warm    *lambda.Bootstrap
	pid     int
	best    time.Duration   // one event in the best round
	rounds  []time.Duration // one event, by round
	cold    time.Duration   // process started to first answer, of one record
	cpu     time.Duration   // since the warm-up
	events  int             // since the warm-up
	rss     int64           // peak, in bytes
	answer  int             // bytes
	ok      int             // records that became JSON
	differs int             // records answered differently from the first function
}

func main() {
	lines := flag.String("lines", "", "log file, one record a line; .gz is inflated")
	records := flag.Int("records", 6000, "records of an event")
	rounds := flag.Int("rounds", 7, "how often all take their turn")
	burst := flag.Int("burst", 5, "events of a turn")
	warmUp := flag.Int("warm-up", 20, "events before the first round")
	colds := flag.Int("cold", 10, "processes started for the time of a cold start")
	flag.Parse()
	if err := run(*lines, *records, *rounds, *burst, *warmUp, *colds, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "drive:", err)
		os.Exit(1)
	}
}

func run(path string, records, rounds, burst, warmUp, colds int, args []string) (err error) {
	lines, err := readLines(path, records)
	if err != nil {
		return err
	}
	functions, err := parse(args)
	if err != nil {
		return err
	}
	event, small := eventOf(lines), eventOf(lines[:1])
	// The driver's own collections are between the turns, not in them.
	debug.SetGCPercent(-1)
	for _, f := range functions {
		f.warm = f.bootstrap()
		defer func() { err = errors.Join(err, f.warm.Close()) }()
		if err := f.start(event, functions[0], warmUp); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	for range rounds {
		for _, f := range functions {
			if err := f.turn(event, burst); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
	}
	for range colds {
		for _, f := range functions {
			if err := f.startCold(small); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
	}
	for _, f := range functions {
		cpu, rss, err := usage(f.pid)
		if err != nil {
			return err
		}
		f.cpu, f.rss = cpu-f.cpu, rss
	}
	print(functions, event, records, rounds, burst)
	return nil
}

func readLines(path string, n int) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, err
		}
	}
	var lines [][]byte
	s := bufio.NewScanner(r)
	for len(lines) < n && s.Scan() {
		lines = append(lines, slices.Clone(s.Bytes()))
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	if len(lines) < n {
		return nil, fmt.Errorf("%s has only %d lines", path, len(lines))
	}
	return lines, nil
}

// eventOf makes the event that a delivery stream would call its function with.
func eventOf(lines [][]byte) []byte {
	const arrival = 1_700_000_000_000
	in := make([]record.Record, len(lines))
	for i, line := range lines {
		in[i] = record.Record{Seq: uint64(i), Data: line, Arrival: arrival + int64(i)}
	}
	t := lambda.New(nil, lambda.Options{StreamARN: "arn:aws:firehose:eu-west-1:123456789012:deliverystream/logs", Region: "eu-west-1"})
	return t.Event(time.UnixMilli(arrival), 1, in)
}

func parse(args []string) ([]*function, error) {
	if len(args) == 0 {
		return nil, errors.New("no functions")
	}
	var functions []*function
	for _, arg := range args {
		name, rest, ok := strings.Cut(arg, "=")
		command, files, sized := strings.Cut(rest, "@")
		f := &function{name: name, command: strings.Fields(command), echo: name == "transport"}
		if !ok || len(f.command) == 0 {
			return nil, fmt.Errorf("%q is no name=command", arg)
		}
		path, err := exec.LookPath(f.command[0])
		if err != nil {
			return nil, err
		}
		if f.command[0], err = filepath.Abs(path); err != nil {
			return nil, err
		}
		if !sized {
			files = f.command[0]
		}
		for file := range strings.SplitSeq(files, ",") {
			n, err := sizeOf(file)
			if err != nil {
				return nil, err
			}
			f.size += n
		}
		functions = append(functions, f)
	}
	return functions, nil
}

// sizeOf is the size of a file, or of all files of a folder.
func sizeOf(path string) (n int64, err error) {
	err = filepath.Walk(path, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return err
	})
	return n, err
}

func (f *function) bootstrap() *lambda.Bootstrap {
	return &lambda.Bootstrap{
		Command: f.command,
		Handler: "handler.lambda_handler",
		Name:    f.name,
		ARN:     "arn:aws:lambda:eu-west-1:123456789012:function:" + f.name,
		Region:  "eu-west-1",
		Memory:  1769, // one virtual processor
		Timeout: time.Minute,
		Env:     []string{"PYTHONPATH=" + os.Getenv("PYTHONPATH")},
	}
}

// start warms f up and holds its answer to the contract, and to that of first.
func (f *function) start(event []byte, first *function, warmUp int) error {
	before, err := children()
	if err != nil {
		return err
	}
	answer, err := f.warm.Invoke(context.Background(), event)
	if err != nil {
		return err
	}
	f.answer = len(answer)
	if f.pid, err = newChild(before); err != nil {
		return err
	}
	if !f.echo {
		answers, breaches := lambda.Check(event, answer)
		if len(breaches) > 0 {
			return errors.New(breaches[0])
		}
		expected := answers
		if f != first {
			again, err := first.warm.Invoke(context.Background(), event)
			if err != nil {
				return err
			}
			expected, _ = lambda.Check(event, again)
		}
		f.compare(answers, expected)
	}
	for range warmUp {
		if _, err := f.warm.Invoke(context.Background(), event); err != nil {
			return err
		}
	}
	f.cpu, _, err = usage(f.pid)
	return err
}

func (f *function) compare(answers, expected []lambda.Answer) {
	for i, a := range answers {
		if a.Result == "Ok" {
			f.ok++
		}
		if e := expected[i]; a.ID != e.ID || a.Result != e.Result || a.Result == "Ok" && !sameJSON(a.Data, e.Data) {
			f.differs++
		}
	}
}

func sameJSON(a, b []byte) bool {
	var x, y map[string]any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// turn runs burst events.
func (f *function) turn(event []byte, burst int) error {
	runtime.GC()
	began := time.Now()
	for range burst {
		if _, err := f.warm.Invoke(context.Background(), event); err != nil {
			return err
		}
	}
	each := time.Since(began) / time.Duration(burst)
	f.events += burst
	f.rounds = append(f.rounds, each)
	if f.best == 0 || each < f.best {
		f.best = each
	}
	return nil
}

// startCold runs one event in a process of its own.
func (f *function) startCold(event []byte) error {
	runtime.GC()
	b := f.bootstrap()
	began := time.Now()
	_, err := b.Invoke(context.Background(), event)
	took := time.Since(began)
	if f.cold == 0 || took < f.cold {
		f.cold = took
	}
	return errors.Join(err, b.Close())
}

// children returns the processes that this one started.
func children() (map[int]bool, error) {
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return nil, err
	}
	pids := map[int]bool{}
	for _, t := range tasks {
		text, err := os.ReadFile(t)
		if err != nil {
			continue // the thread has ended
		}
		for word := range strings.FieldsSeq(string(text)) {
			pid, err := strconv.Atoi(word)
			if err != nil {
				return nil, err
			}
			pids[pid] = true
		}
	}
	return pids, nil
}

func newChild(before map[int]bool) (int, error) {
	now, err := children()
	if err != nil {
		return 0, err
	}
	for pid := range now {
		if !before[pid] {
			return pid, nil
		}
	}
	return 0, errors.New("its process isn't found in /proc")
}

// usage returns what a process has used: processor time to 10 ms, and the peak of its memory.
func usage(pid int) (cpu time.Duration, rss int64, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	// The name in parentheses may hold blanks; state is the third field, utime the 14th, stime the 15th.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, 0, err
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		return 0, 0, err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			if err != nil {
				return 0, 0, err
			}
			rss = kb << 10
		}
	}
	return time.Duration(user+system) * 10 * time.Millisecond, rss, nil
}

func print(functions []*function, event []byte, records, rounds, burst int) {
	fmt.Printf("%d records, event of %.2f MB, %d interleaved rounds of %d events, the best round of each; cold: process started to first answer, of one record.\n",
		records, float64(len(event))/1e6, rounds, burst)
	fmt.Print("Ratios are of hydrant to the peer, by the best round, by the median round, and by processor time.\n\n")
	fmt.Println("| | ms/event | events/s | MB/s | CPU ms/event | peak RSS MB | cold ms | size MB | answer MB | Ok | other than hydrant | best × | median × | CPU × |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	own := functions[0]
	for _, f := range functions {
		ms := f.best.Seconds() * 1e3
		checked := fmt.Sprintf("%d | %d", f.ok, f.differs)
		if f.echo {
			checked = "– | –"
		}
		fmt.Printf("| %s | %.2f | %.1f | %.0f | %.2f | %.0f | %.1f | %.3f | %.2f | %s | %.2f | %.2f | %.2f |\n",
			f.name, ms, 1e3/ms, float64(len(event))/1e6/f.best.Seconds(), f.cpuMillis(), float64(f.rss)/1e6,
			f.cold.Seconds()*1e3, float64(f.size)/1e6, float64(f.answer)/1e6, checked,
			f.best.Seconds()/own.best.Seconds(), median(f.rounds).Seconds()/median(own.rounds).Seconds(), f.cpuMillis()/own.cpuMillis())
	}
}

// cpuMillis is the processor time of one event.
func (f *function) cpuMillis() float64 { return f.cpu.Seconds() * 1e3 / float64(f.events) }

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}
