package snowflake

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// fakesnow is the address of the server; empty without one.
var fakesnow string

func TestMain(m *testing.M) {
	stop, err := start(os.Getenv("HYDRANT_FAKESNOW"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	stop()
	os.Exit(status)
}

// start runs the server, by its command, and waits until it answers.
func start(command string) (stop func(), err error) {
	if command == "" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	fakesnow = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(fakesnow)
	cmd := exec.Command(command, "-s", "-p", port)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() { cmd.Process.Kill(); cmd.Wait() }
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", fakesnow)
		if err == nil {
			c.Close()
			return stop, nil
		}
		if time.Now().After(deadline) {
			stop()
			return nil, fmt.Errorf("%s doesn't answer: %w", command, err)
		}
	}
}
