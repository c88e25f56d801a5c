//go:build unix

package lambda

import (
	"os/exec"
	"syscall"
)

// ownGroup gives the process a group, so that its children end with it.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends the process and its children.
func killGroup(c *exec.Cmd) {
	_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // gone already is fine
}
