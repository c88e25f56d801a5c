package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/replaytest"
)

func newCompatHelp() *cobra.Command {
	var b strings.Builder
	b.WriteString("Where the service's behaviour isn't known for sure, hydrant does what was observed or is likely.\n" +
		"--compat NAME, and compat: in a case's stream.yaml, have it do otherwise:\n\n")
	for _, c := range replaytest.CompatNames {
		name := c.Name
		if c.Values != nil {
			name += "=" + strings.Join(c.Values, "|")
		}
		fmt.Fprintf(&b, "  %-31s %s\n", name, c.Text)
	}
	return &cobra.Command{Use: "compat", Short: "What --compat changes", Long: b.String()}
}
