package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/hive"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/convert/orc"
	"github.com/hydrantkit/hydrant/convert/parquet"
	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/internal/template"
)

// conversionOptions makes the two sides of a conversion of --config, --deserializer, --to and --option, of which flags win.
func conversionOptions(f *convertFlags) (convert.Options, error) {
	var o convert.Options
	if f.config != "" {
		data, err := os.ReadFile(f.config)
		if err != nil {
			return o, fmt.Errorf("--config: %w", err)
		}
		doc, err := template.Parse(f.config, data)
		if err != nil {
			return o, err
		}
		if inner := doc.Get("DataFormatConversionConfiguration"); inner != nil {
			doc = inner
		}
		if o, err = harness.ParseSerDes(doc); err != nil {
			return o, err
		}
	}
	switch f.deserializer {
	case "":
		if o.OpenX == nil && o.Hive == nil {
			o.OpenX = &openx.Options{}
		}
	case "openx":
		if o.Hive = nil; o.OpenX == nil {
			o.OpenX = &openx.Options{}
		}
	case "hive":
		if o.OpenX = nil; o.Hive == nil {
			o.Hive = &hive.Options{}
		}
	default:
		return o, fmt.Errorf("--deserializer is openx or hive, not %q", f.deserializer)
	}
	if f.to == "" {
		if f.to = "parquet"; o.ORC != nil {
			f.to = "orc"
		}
	}
	switch f.to {
	case "parquet":
		if o.ORC = nil; o.Parquet == nil {
			o.Parquet = &parquet.Options{}
		}
	case "orc":
		if o.Parquet = nil; o.ORC == nil {
			o.ORC = &orc.Options{}
		}
	default:
		return o, fmt.Errorf("--to is parquet or orc, not %q", f.to)
	}
	for _, option := range f.options {
		name, value, ok := strings.Cut(option, "=")
		if !ok {
			return o, fmt.Errorf("--option %s: Name=Value is expected", option)
		}
		if err := setOption(&o, name, value); err != nil {
			return o, fmt.Errorf("--option %s: %w", option, err)
		}
	}
	if o.Hive != nil {
		o.Hive.Year = time.Now().Year()
	}
	return o, nil
}

// setOption sets one API option of the chosen deserializer or serializer, or what Parquet files may have beyond the service's.
func setOption(o *convert.Options, name, value string) error {
	switch p := o.Parquet; {
	case name == "Layout" && p == nil:
		return fmt.Errorf("the option Layout is Parquet's")
	case name == "Layout":
		l, err := parquet.ParseLayout(value)
		p.Layout = l
		return err
	case name == "Compression" && value == "ZSTD" && p != nil:
		p.Compression = value
		return nil
	case name == "BloomFilterColumns" && p != nil:
		p.BloomFilterColumns = strings.Split(value, ",")
		return nil
	}
	return harness.SetSerDeOption(o, name, value)
}
