package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/blueprints"
)

func newBlueprints(io *streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "blueprints [NAME]",
		Short: "The built-in transforms: names, options, what goes in and comes out",
		Long: `Blueprints lists the transforms that are built in. A name runs as --function ID=builtin:NAME, and is the
name of a folder of functions that deploy. Options are variables of the function's environment.`,
		Example: "  hydrant blueprints apache-log-to-json",
		RunE: func(_ *cobra.Command, args []string) error {
			list := blueprints.List()
			if len(args) > 1 {
				return usagef("one name, or none for all")
			}
			if len(args) == 1 {
				var found []blueprints.Blueprint
				for _, b := range list {
					if b.Name == args[0] {
						found = append(found, b)
					}
				}
				if found == nil {
					return usagef("there is no blueprint %s; hydrant blueprints lists them", args[0])
				}
				list = found
			}
			if asJSON {
				return printBlueprintsJSON(io, list)
			}
			if len(args) == 0 {
				t := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
				for _, b := range list {
					fmt.Fprintf(t, "%s\t%s\n", b.Name, b.Summary)
				}
				return t.Flush()
			}
			b := list[0]
			fmt.Fprintf(io.out, "%s: %s\n\nin   %s\nout  %s\n", b.Name, b.Summary, b.In, b.Out)
			if len(b.Options) > 0 {
				fmt.Fprintf(io.out, "\n")
				t := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
				for _, o := range b.Options {
					fmt.Fprintf(t, "%s\t%s\t(default %s)\n", o.Name, o.Summary, orNone(o.Default))
				}
				return t.Flush()
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a blueprint")
	return cmd
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func printBlueprintsJSON(io *streams, list []blueprints.Blueprint) error {
	type option struct {
		Name    string `json:"name"`
		Default string `json:"default"`
		Summary string `json:"summary"`
	}
	e := json.NewEncoder(io.out)
	e.SetEscapeHTML(false)
	for _, b := range list {
		options := []option{}
		for _, o := range b.Options {
			options = append(options, option(o))
		}
		err := e.Encode(struct {
			Name    string   `json:"name"`
			Summary string   `json:"summary"`
			In      string   `json:"in"`
			Out     string   `json:"out"`
			Options []option `json:"options"`
		}{b.Name, b.Summary, strings.TrimSpace(b.In), strings.TrimSpace(b.Out), options})
		if err != nil {
			return err
		}
	}
	return nil
}
