// Package api is the front door of a delivery stream: the structures of a request, which [Check] holds to the service's
// model, and the exceptions that calls are answered with.
package api

import "github.com/hydrantkit/hydrant/internal/template"

// Names of exceptions (sources.md §2).
const (
	InvalidArgument = "InvalidArgumentException"
	Validation      = "ValidationException"
)

// An Exception is what the service would have answered to a call: its name and its message, and here the place in the
// description that is to blame.
type Exception struct {
	Name, Message string
	Pos           template.Pos
}

// Error is "template.yaml:12:7: InvalidArgumentException: Message".
func (e *Exception) Error() string {
	s := e.Name + ": " + e.Message
	if p := e.Pos.String(); p != "" {
		s = p + ": " + s
	}
	return s
}
