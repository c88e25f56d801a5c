package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/convert/parquet"
)

// compat is what --compat changes: behaviour of the service that isn't known for sure, and what else it could be.
var compat = []struct {
	name, values, text string
}{
	{"doc-timestamp-rule", "", "append yyyy/MM/dd/HH/ to a prefix with expressions but no timestamp, as the guide says; the service was seen not to"},
	{"trailing-delimiter", "", "AppendDelimiterToRecord puts an LF behind the last record of an object too"},
	{"positional-arrays", "", "the OpenX JSON SerDe reads a top-level array as a row, element by element; by default such a record is malformed"},
	{"parquet-layout", "modern hive", "names and types in Parquet files: the specification's, or exactly those of Hive 2.3; by default the service's"},
}

// parseCompat reads --compat values: NAME or NAME=VALUE.
func parseCompat(values []string) (map[string]string, error) {
	out := map[string]string{}
next:
	for _, v := range values {
		name, value, has := strings.Cut(v, "=")
		for _, c := range compat {
			if c.name != name {
				continue
			}
			switch {
			case c.values == "" && has:
				return nil, fmt.Errorf("--compat %s takes no value", name)
			case c.values == "":
				value = "on"
			case !contains(strings.Fields(c.values), value):
				return nil, fmt.Errorf("--compat %s=%s: the value is one of %s", name, value, strings.Join(strings.Fields(c.values), ", "))
			}
			out[name] = value
			continue next
		}
		return nil, fmt.Errorf("--compat %s is unknown; hydrant help compat lists them", name)
	}
	return out, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// compatStream applies --compat to the description.
func (p *plan) compatStream() {
	c := p.description.Stream.Conversion
	if c == nil {
		return
	}
	if p.compat["positional-arrays"] != "" && c.Options.OpenX != nil {
		c.Options.OpenX.PositionalArrays = true
	}
	if c.Options.Parquet != nil {
		switch p.compat["parquet-layout"] {
		case "modern":
			c.Options.Parquet.Layout = parquet.LayoutModern
		case "hive":
			c.Options.Parquet.Layout = parquet.LayoutHive
		}
	}
}

func newCompatHelp() *cobra.Command {
	var b strings.Builder
	b.WriteString("Where the service's behaviour isn't known for sure, hydrant does what was observed or is likely.\n--compat NAME has it do otherwise:\n\n")
	for _, c := range compat {
		name := c.name
		if c.values != "" {
			name += "=" + strings.Join(strings.Fields(c.values), "|")
		}
		fmt.Fprintf(&b, "  %-28s %s\n", name, c.text)
	}
	return &cobra.Command{Use: "compat", Short: "What --compat changes", Long: b.String()}
}
