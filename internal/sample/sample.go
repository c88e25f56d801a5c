// Package sample is what the command replays where no template is at hand: the project's own
// template, and 10,000 lines of a real web server's access log (NOTICE says whose).
package sample

import _ "embed" // the files beside this one

// Name is the name of the input.
const Name = "apache_access.log.gz"

// Template is the project's sam-template.yaml; a test compares the two.
//
//go:embed sam-template.yaml
var Template []byte

// Input is the input, compressed.
//
//go:embed apache_access.log.gz
var Input string
