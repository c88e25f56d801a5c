// Package blueprints holds record transformations as plain Go: those that the service's console offers, and those its
// users write again and again. Each is a type whose fields are its options; the zero value does exactly what the
// service's blueprint does, where there is one. FromEnv reads the options from the environment of a function.
//
//	lambda.Start(hydrant.NewHandler(blueprints.ApacheLog{}.FromEnv(os.Getenv).JSON()))
//
// A blueprint works on records, one log line a record, and knows nothing of buffers or destinations. Records it cannot read are
// ProcessingFailed. Blueprints may be used by several goroutines.
package blueprints

import (
	"fmt"
	"strconv"

	"github.com/hydrantkit/hydrant"
)

// A Blueprint describes a blueprint.
type Blueprint struct {
	Name    string // that of its folder in functions/
	Summary string
	Options []Option
	In, Out string // what a record holds before and after
}

// An Option is a variable of the function's environment.
type Option struct {
	Name, Default, Summary string
}

// Named returns the transform of the blueprint name, with the options that getenv knows.
// An option that is wrong does not make an error here: the transform answers with it.
func Named(name string, getenv func(string) string) (hydrant.Transform, error) {
	switch name {
	case "apache-log-to-json":
		return ApacheLog{}.FromEnv(getenv).JSON(), nil
	}
	return nil, fmt.Errorf("no blueprint %q", name)
}

// List describes the blueprints that Named knows.
func List() []Blueprint {
	lenient := Option{"LENIENT", "false", "take host names, IPv6, sizes of - (null), empty requests"}
	newline := Option{"NEWLINE", "false", "end each document with a newline"}
	return []Blueprint{
		{"apache-log-to-json", "Apache access log to JSON", []Option{lenient, newline},
			"a line in common format; what follows the size is ignored",
			"host, ident, authuser, request, response, bytes, verb, @timestamp, timezone, @timestamp_utc"},
	}
}

// env reads options and keeps the first that is wrong.
type env struct {
	get func(string) string
	err error
}

func (e *env) bool(name string, to *bool) {
	v := e.get(name)
	if v == "" {
		return
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		e.fail(name, v, "true or false")
		return
	}
	*to = b
}

func (e *env) fail(name, value, want string) {
	if e.err == nil {
		e.err = fmt.Errorf("option %s: %q is not %s", name, value, want)
	}
}
