// Package sample is what the command replays where no template is at hand: the project's own
// template, 10,000 lines of a real web server's access log, and three more of which one is
// broken (NOTICE says whose they are).
package sample

import "embed"

// Names are those of the inputs, as they stand in the template, without their folder.
var Names = []string{"apache_access.log.gz", "bad_access.log"}

// Template is the project's sam-template.yaml; a test compares the two.
//
//go:embed sam-template.yaml
var Template []byte

// Inputs holds the files of Names.
//
//go:embed apache_access.log.gz bad_access.log
var Inputs embed.FS
