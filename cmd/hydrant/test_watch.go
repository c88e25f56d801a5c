package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/hydrantkit/hydrant/replaytest"
)

// settle is how long nothing must change before the cases run again: editors save in several steps.
const settle = 50 * time.Millisecond

// watchCases runs the cases, and again at every change of what they read, until it is interrupted.
func watchCases(ctx context.Context, s *streams, f *testFlags, paths []string) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	defer w.Close()
	for {
		cases, err := replaytest.Cases(paths...)
		if err != nil {
			return usage(err)
		}
		// Watch before the run, so that a change during it isn't missed.
		if err := watchAll(w, paths, cases); err != nil {
			return err
		}
		if err := testCases(ctx, s, f, paths); err != nil {
			if interruptedBy(err) {
				return err
			}
			fmt.Fprintln(s.err, "hydrant:", err)
		}
		fmt.Fprintln(s.err, "hydrant: waiting for changes")
		if err := changed(ctx, w, f.junit); err != nil {
			return err
		}
	}
}

// watchAll watches the folders of the cases, of their templates and schemas, and of the sources of functions.
func watchAll(w *fsnotify.Watcher, paths, cases []string) error {
	dirs := map[string]bool{}
	tree := func(dir string) error {
		return filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
			switch {
			case os.IsNotExist(err):
				return nil
			case err != nil:
				return err
			case !e.IsDir():
				return nil
			case name != dir && ignored(e.Name()):
				return filepath.SkipDir
			}
			dirs[filepath.Clean(name)] = true
			return nil
		})
	}
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			if err := tree(p); err != nil {
				return err
			}
		}
	}
	for _, c := range cases {
		list, err := replaytest.Sources(c)
		if err != nil {
			continue // the run says why
		}
		for _, name := range list {
			if info, err := os.Stat(name); err == nil && info.IsDir() {
				if err := tree(name); err != nil {
					return err
				}
			} else {
				dirs[filepath.Dir(name)] = true
			}
		}
	}
	for _, name := range w.WatchList() {
		if !dirs[name] {
			_ = w.Remove(name) // it may be gone
		}
	}
	for name := range dirs {
		if err := w.Add(name); err != nil {
			return fmt.Errorf("watch %s: %w", name, err)
		}
	}
	return nil
}

// ignored are folders whose changes are nobody's doing.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules" || name == "out"
}

// changed waits for a change, and for it to be over.
func changed(ctx context.Context, w *fsnotify.Watcher, junit string) error {
	var quiet <-chan time.Time
	for {
		select {
		case e, ok := <-w.Events:
			if !ok {
				return fmt.Errorf("watch: it ended")
			}
			if e.Op == fsnotify.Chmod || ours(e.Name, junit) {
				continue
			}
			quiet = time.After(settle)
		case err := <-w.Errors:
			return fmt.Errorf("watch: %w", err)
		case <-quiet:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ours reports whether a file is one that a run writes, or an editor's.
func ours(name, junit string) bool {
	base := filepath.Base(name)
	if junit != "" && (filepath.Base(junit) == base || filepath.Base(junit)+".part" == base) {
		return true
	}
	return strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") || strings.HasSuffix(base, ".swp")
}
