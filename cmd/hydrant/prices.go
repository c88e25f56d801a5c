package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/hydrantkit/hydrant/internal/template"
)

// A tariff is what is paid for what an estimate has.
type tariff struct {
	file     string // it was read from; empty is ours
	region   string // it holds for; empty is any
	gigabyte int64
	prices   map[string][]tier // by the names of meters; those of none aren't known
}

// A tier is the price of a unit, up to so many of them a month.
type tier struct{ upTo, usd float64 }

// ourTariff has US dollars. They are from memory, and nobody has confirmed them (operations.md §6), so an estimate never shows one without
// saying so. A gigabyte is a CHOICE.
var ourTariff = &tariff{
	region: "us-east-1", gigabyte: 1 << 30,
	prices: map[string][]tier{
		"ingestion":           {{500 << 10, 0.029}, {2000 << 10, 0.025}, {math.Inf(1), 0.020}},
		"format conversion":   flat(0.018),
		"partitioned data":    flat(0.020),
		"partitioned objects": flat(0.005 / 1000),
		"jq":                  flat(0.07),
	},
}

// ingestionMSK is the price of a meter that is ingestion otherwise: what comes from Amazon MSK isn't rounded, and has a price of its own.
const ingestionMSK = "ingestion from MSK"

// priced are the meters that a file may have a price for.
var priced = []string{"ingestion", ingestionMSK, "decompression", "format conversion", "partitioned data", "partitioned objects", "jq",
	"lambda invocations", "lambda duration", "s3 puts", "s3 data"}

func flat(usd float64) []tier { return []tier{{math.Inf(1), usd}} }

// cost is the price of a quantity a month.
func cost(tiers []tier, quantity float64) float64 {
	usd, from := 0.0, 0.0
	for _, t := range tiers {
		if quantity > from {
			usd += (min(quantity, t.upTo) - from) * t.usd
		}
		from = t.upTo
	}
	return usd
}

// readTariff reads prices from a file of JSON or YAML:
//
//	region: eu-west-1      # which they hold for; any without
//	gigabyte: 1000000000   # bytes; 1073741824 without
//	prices:                # US dollars for one unit, as the estimate has it
//	  ingestion: [{upTo: 512000, usd: 0.031}, {usd: 0.027}]
//	  jq: 0.07
func readTariff(file string) (*tariff, error) {
	data, err := os.ReadFile(file) //nolint:gosec // the file is the user's
	if err != nil {
		return nil, err
	}
	doc, err := template.Parse(file, data)
	if err != nil {
		return nil, err
	}
	t := &tariff{file: file, gigabyte: ourTariff.gigabyte, prices: map[string][]tier{}}
	if doc.Kind != template.Map {
		return nil, doc.Errorf("prices are an object with region, gigabyte and prices")
	}
	for _, m := range doc.Members {
		switch m.Key {
		case "region":
			t.region, err = m.Value.Str()
		case "gigabyte":
			if t.gigabyte, err = m.Value.Int(); err == nil && t.gigabyte < 1 {
				err = m.Value.Errorf("a gigabyte has bytes")
			}
		case "prices":
			err = t.read(m.Value)
		default:
			err = &template.Error{Pos: m.KeyPos, Msg: fmt.Sprintf("there is no member %s; there are region, gigabyte, prices", m.Key)}
		}
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *tariff) read(n *template.Node) error {
	if n.Kind != template.Map {
		return n.Errorf("prices are an object, by the names in an estimate")
	}
	for _, m := range n.Members {
		if !slices.Contains(priced, m.Key) {
			return &template.Error{Pos: m.KeyPos, Msg: fmt.Sprintf("there is no price of %s; there are those of %s", m.Key, strings.Join(priced, ", "))}
		}
		var err error
		if t.prices[m.Key], err = readTiers(m.Value); err != nil {
			return err
		}
	}
	return nil
}

// readTiers reads a number, or a list of tiers, of which the last has no end.
func readTiers(n *template.Node) ([]tier, error) {
	if n.Kind != template.List {
		usd, err := readPrice(n)
		return flat(usd), err
	}
	var tiers []tier
	from := 0.0
	for i, item := range n.Items {
		price, at, upTo := item.Get("usd"), item.Get("upTo"), math.Inf(1)
		if price.IsNull() {
			return nil, item.Errorf("a tier needs usd")
		}
		usd, err := readPrice(price)
		switch last := i == len(n.Items)-1; {
		case err != nil:
		case last && !at.IsNull():
			err = at.Errorf("the last tier has no end")
		case !last && at.IsNull():
			err = item.Errorf("a tier needs upTo, unless it is the last")
		case !last:
			if upTo, err = at.Float(); err == nil && !(upTo > from) {
				err = at.Errorf("a tier ends above the one before it")
			}
		}
		if err != nil {
			return nil, err
		}
		tiers, from = append(tiers, tier{upTo, usd}), upTo
	}
	if len(tiers) == 0 {
		return nil, n.Errorf("there is no tier")
	}
	return tiers, nil
}

func readPrice(n *template.Node) (float64, error) {
	usd, err := n.Float()
	if err == nil && !(usd >= 0) {
		err = n.Errorf("a price is not negative")
	}
	return usd, err
}
