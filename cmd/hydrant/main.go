// Command hydrant runs delivery streams of Amazon Data Firehose on this machine, converts JSON to
// Parquet and ORC, and shows what is in delivered files. `hydrant help` lists its commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	_ "time/tzdata" // CustomTimeZone works where the system has no zones

	"github.com/spf13/cobra"
)

// Exit statuses (hydrant help exit).
const (
	exitOK        = 0
	exitFailed    = 1 // it could not be done
	exitUsage     = 2 // wrong usage, or a description or case that can't be read
	exitSetAside  = 3 // done, but records were set aside
	exitInterrupt = 130
	exitTerminate = 143
)

// A statusError ends the command with a status of its own.
type statusError struct {
	status int
	err    error // nil where everything was said
}

func (e *statusError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// usage makes an error of wrong usage of err.
func usage(err error) error { return &statusError{exitUsage, err} }

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

func main() {
	ctx, sig := interruptible()
	os.Exit(run(ctx, os.Args[1:], &streams{os.Stdin, os.Stdout, os.Stderr}, sig))
}

// interruptible returns a context that the first SIGINT or SIGTERM ends; a second one stops the command at once.
// got says which it was.
func interruptible() (ctx context.Context, got func() os.Signal) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	first := make(chan os.Signal, 1)
	go func() {
		s := <-signals
		first <- s
		cancel()
		<-signals
		os.Exit(status(s))
	}()
	return ctx, func() os.Signal {
		select {
		case s := <-first:
			return s
		default:
			return nil
		}
	}
}

func status(s os.Signal) int {
	if s == syscall.SIGTERM {
		return exitTerminate
	}
	return exitInterrupt
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run runs the command and returns its exit status.
func run(ctx context.Context, args []string, io *streams, signalled func() os.Signal) int {
	root := newRoot(io)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil && signalled != nil {
		if s := signalled(); s != nil {
			if err != nil && !errors.Is(err, context.Canceled) && err.Error() != "" {
				fmt.Fprintln(io.err, "hydrant:", err)
			}
			return status(s)
		}
	}
	if err == nil {
		return exitOK
	}
	var se *statusError
	if !errors.As(err, &se) {
		se = &statusError{exitFailed, err}
	}
	if se.err != nil {
		fmt.Fprintln(io.err, "hydrant:", se.err)
	}
	return se.status
}

func newRoot(io *streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "hydrant",
		Short: "Amazon Data Firehose on this machine: replay, test, convert, look",
		Long: `hydrant runs delivery streams of Amazon Data Firehose on this machine, converts JSON to
Parquet and ORC by a Glue schema, and shows what is in delivered files.

  hydrant replay                                    # the stream of the template in this folder
  hydrant convert --schema 'struct<a:int>' --to parquet --out a.parquet a.json
  hydrant cat a.parquet`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q; hydrant help lists the commands", args[0])
			}
			return cmd.Help()
		},
	}
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w (see %s -h)", err, cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddCommand(newReplay(io), newInvoke(io), newExplainQuery(io), newBlueprints(io), newConvert(io), newCat(io), newInspect(io), newSchema(io), newVersion(io), newCompatHelp())
	root.AddCommand(newTest(io))
	root.AddCommand(newInit(io))
	root.AddCommand(newReceive(io))
	return root
}

// version is set by the linker in releases.
var version = "dev"

func newVersion(io *streams) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, the commit and the Go version",
		Example: "  hydrant version",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			commit := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						commit = s.Value
					}
				}
			}
			_, err := fmt.Fprintf(io.out, "hydrant %s, commit %s, %s\n", version, commit, runtime.Version())
			return err
		},
	}
}

// noArgs refuses arguments as wrong usage.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, but %q was given", cmd.CommandPath(), strings.Join(args, " "))
	}
	return nil
}
