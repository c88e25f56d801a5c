package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/hive"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/convert/orc"
	"github.com/hydrantkit/hydrant/convert/parquet"
	"github.com/hydrantkit/hydrant/harness/api"
	"github.com/hydrantkit/hydrant/internal/joda"
	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/schema"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// conversion reads a DataFormatConversionConfiguration and finds its table (format-conversion.md §1, §2).
func (d *describer) conversion(s *Stream, n *template.Node) {
	for _, block := range []string{"SchemaConfiguration", "InputFormatConfiguration", "OutputFormatConfiguration"} {
		if b := n.Get(block); b.IsNull() {
			d.refuse(n, "%s is required when data format conversion is enabled", block)
		} else {
			d.block(b)
		}
	}
	if d.err != nil {
		return
	}
	sc := n.Get("SchemaConfiguration")
	c := &Conversion{
		Catalog: d.str(sc.Get("CatalogId")), Database: d.required(sc, "DatabaseName", "SchemaConfiguration"),
		Table: d.required(sc, "TableName", "SchemaConfiguration"), Region: d.text(sc.Get("Region"), s.Region), Version: d.text(sc.Get("VersionId"), latest),
	}
	if sc.Get("RoleARN").IsNull() {
		d.refuse(sc, "SchemaConfiguration needs RoleARN")
	}
	if d.err != nil {
		return
	}
	if c.Version != latest && strings.Trim(c.Version, "0123456789") != "" {
		d.refuse(sc.Get("VersionId"), "VersionId must be %s or the number of a version; it is %.50q", latest, c.Version)
		return
	}
	d.table(c, sc)
	d.deserializer(&c.Options, n.Get("InputFormatConfiguration", "Deserializer"), n.Get("InputFormatConfiguration"))
	d.serializer(&c.Options, n.Get("OutputFormatConfiguration", "Serializer"), n.Get("OutputFormatConfiguration"))
	s.Conversion = c
	if d.err != nil || c.Options.OpenX == nil {
		return
	}
	names := map[string]bool{}
	for _, col := range c.Schema.Columns {
		memberNames(names, col.Name, col.Type)
	}
	mappings := n.Get("InputFormatConfiguration", "Deserializer", "OpenXJsonSerDe", "ColumnToJsonKeyMappings")
	if mappings.IsNull() {
		return
	}
	for _, m := range mappings.Members {
		if !names[m.Key] { // an exact match (format-conversion.md §4)
			d.notice(m.Value, "ColumnToJsonKeyMappings maps %s, and neither a column nor a member of the table has that name, which is in lower case always", m.Key)
		}
	}
}

// memberNames notes the names of a column and of the members in it.
func memberNames(names map[string]bool, name string, t *schema.Type) {
	names[name] = true
	if t == nil {
		return
	}
	for _, f := range t.Fields {
		memberNames(names, f.Name, f.Type)
	}
	memberNames(names, name, t.Elem)
}

// latest is the VersionId of a table that follows its changes. It is read for every object (format-conversion.md §2, CHOICE) where
// it is in a Data Catalog; a file doesn't change.
const latest = "LATEST"

// table finds the Glue table: the one that the options give, else the description's own.
func (d *describer) table(c *Conversion, at *template.Node) {
	var err error
	switch {
	case d.options.Table != nil:
		c.Schema = d.options.Table
	case d.options.Schema != "":
		c.Schema, err = d.load(c)
	case d.t == nil:
		err = at.Errorf("the table %s.%s is not part of this description; give its schema", c.Database, c.Table)
	default:
		c.Schema, err = glue.FromTemplate(d.t, c.Database, c.Table)
		switch {
		case errors.Is(err, glue.ErrNoTable):
			d.refuse(at.Get("TableName"), "EntityNotFoundException: the template has no table %s.%s; define it there, or give its schema", c.Database, c.Table)
		case err == nil && c.Version != latest && c.Version != "0" && c.Version != "1":
			// A template holds the newest version of a table, which is its first as long as nobody changes it.
			d.refuse(at.Get("VersionId"), "version %s of the table %s.%s isn't the one in the template; give its schema", c.Version, c.Database, c.Table)
		}
	}
	if src := d.options.Schema; d.options.Table == nil && strings.HasPrefix(src, "glue:") && !strings.Contains(src, "@") && c.Version == latest {
		o := d.options.Glue
		c.Latest = func(ctx context.Context) (*schema.Table, error) {
			o := o
			o.Context = ctx
			return glue.Load(src, o)
		}
	}
	if errors.Is(err, glue.ErrNoColumns) { // the service takes such a table, and fails every record (format-conversion.md §2, CHOICE)
		d.notices = append(d.notices, err.Error()+": every record will fail")
		c.Schema, err = &schema.Table{Database: c.Database, Name: c.Table}, nil
	}
	if err != nil {
		d.fail(err)
		return
	}
	if t := c.Schema; c.Version != latest && t.Version != "" && t.Version != c.Version {
		d.refuse(at.Get("VersionId"), "EntityNotFoundException: version %s of the table %s.%s is wanted, and the schema given is version %s", c.Version, c.Database, c.Table, t.Version)
	}
}

// load reads the table from the source that the options name: the version that is pinned, where the source has
// versions, and the table that the stream names, where the source has several.
func (d *describer) load(c *Conversion) (*schema.Table, error) {
	src := d.options.Schema
	tries := []string{src}
	if _, which, ok := strings.Cut(src, "#"); !strings.HasPrefix(src, "struct<") && !strings.Contains(which, "@") {
		switch {
		case strings.HasPrefix(src, "glue:") && c.Version != latest && !strings.Contains(src, "@"):
			tries = []string{src + "@" + c.Version}
		case strings.HasPrefix(src, "glue:"):
		case ok && c.Version != latest:
			tries = []string{src + "@" + c.Version, src}
		case !ok && c.Version != latest:
			tries = []string{src + "#" + c.Database + "." + c.Table + "@" + c.Version, src + "#@" + c.Version, src, src + "#" + c.Database + "." + c.Table}
		case !ok:
			tries = []string{src, src + "#" + c.Database + "." + c.Table}
		}
	}
	var last error
	for _, s := range tries {
		t, err := glue.Load(s, d.options.Glue)
		if err == nil {
			return t, nil
		}
		if last == nil || s == src {
			last = err
		}
	}
	return nil, last
}

// only returns the one member of n that is set.
func (d *describer) only(n, parent *template.Node, what string, names ...string) (string, *template.Node) {
	if n.IsNull() {
		n = parent
	}
	var name string
	if d.block(n) {
		for _, m := range names {
			if v := n.Get(m); !v.IsNull() {
				if name != "" {
					d.refuse(n, "a %s has exactly one of %s", what, strings.Join(names, " and "))
				}
				name = m
			}
		}
	}
	if name == "" {
		d.refuse(n, "a %s needs one of %s", what, strings.Join(names, " and "))
		return "", nil
	}
	v := n.Get(name)
	if !d.block(v) {
		return "", nil
	}
	return name, v
}

func (d *describer) deserializer(c *convert.Options, n, parent *template.Node) {
	switch name, v := d.only(n, parent, "Deserializer", "OpenXJsonSerDe", "HiveJsonSerDe"); name {
	case "OpenXJsonSerDe":
		c.OpenX = &openx.Options{}
		d.openx(c.OpenX, v)
	case "HiveJsonSerDe":
		c.Hive = &hive.Options{}
		d.hive(c.Hive, v)
	}
}

func (d *describer) hive(o *hive.Options, v *template.Node) {
	list := v.Get("TimestampFormats")
	if list.IsNull() {
		return
	}
	formats := d.strings(list)
	if d.err != nil {
		return
	}
	const year = 2000 // decides values only
	if _, err := joda.CompileFormats(formats, year); err != nil {
		d.refuse(list, "Invalid deserializer option(s): TimestampFormats: %v", err)
		return
	}
	o.TimestampFormats = formats
}

// strings are the texts of a list.
func (d *describer) strings(list *template.Node) []string {
	if list.Kind == template.Unresolved {
		d.fail(list.Err)
	}
	var out []string
	for _, item := range list.Items {
		out = append(out, d.str(item))
	}
	return out
}

// openx sets what v has. So do the others.
func (d *describer) openx(o *openx.Options, v *template.Node) {
	o.ConvertDotsInJsonKeysToUnderscores = d.boolean(v.Get("ConvertDotsInJsonKeysToUnderscores"), o.ConvertDotsInJsonKeysToUnderscores)
	if n := v.Get("CaseInsensitive"); !n.IsNull() {
		b := d.boolean(n, true)
		o.CaseInsensitive = &b
	}
	if m := v.Get("ColumnToJsonKeyMappings"); d.block(m) {
		o.ColumnToJsonKeyMappings = map[string]string{}
		for _, e := range m.Members {
			o.ColumnToJsonKeyMappings[e.Key] = d.str(e.Value)
		}
	}
}

func (d *describer) serializer(c *convert.Options, n, parent *template.Node) {
	switch name, v := d.only(n, parent, "Serializer", "ParquetSerDe", "OrcSerDe"); name {
	case "ParquetSerDe":
		c.Parquet = &parquet.Options{}
		d.parquet(c.Parquet, v)
	case "OrcSerDe":
		c.ORC = &orc.Options{}
		d.orc(c.ORC, v)
	}
}

func (d *describer) parquet(o *parquet.Options, v *template.Node) {
	o.BlockSizeBytes = d.integer(v.Get("BlockSizeBytes"), o.BlockSizeBytes)
	o.PageSizeBytes = d.integer(v.Get("PageSizeBytes"), o.PageSizeBytes)
	o.MaxPaddingBytes = d.integer(v.Get("MaxPaddingBytes"), o.MaxPaddingBytes)
	o.Compression = d.text(v.Get("Compression"), o.Compression)
	o.WriterVersion = d.text(v.Get("WriterVersion"), o.WriterVersion)
	o.EnableDictionaryCompression = d.boolean(v.Get("EnableDictionaryCompression"), o.EnableDictionaryCompression)
}

func (d *describer) orc(o *orc.Options, v *template.Node) {
	o.StripeSizeBytes = d.integer(v.Get("StripeSizeBytes"), o.StripeSizeBytes)
	o.BlockSizeBytes = d.integer(v.Get("BlockSizeBytes"), o.BlockSizeBytes)
	o.RowIndexStride = int(min(d.integer(v.Get("RowIndexStride"), int64(o.RowIndexStride)), math.MaxInt32))
	o.EnablePadding = d.boolean(v.Get("EnablePadding"), o.EnablePadding)
	o.PaddingTolerance = d.float(v.Get("PaddingTolerance"), o.PaddingTolerance)
	o.DictionaryKeyThreshold = d.float(v.Get("DictionaryKeyThreshold"), o.DictionaryKeyThreshold)
	o.BloomFilterFalsePositiveProbability = d.float(v.Get("BloomFilterFalsePositiveProbability"), o.BloomFilterFalsePositiveProbability)
	o.Compression = orc.Compression(d.text(v.Get("Compression"), string(o.Compression)))
	o.FormatVersion = d.text(v.Get("FormatVersion"), o.FormatVersion)
	if list := v.Get("BloomFilterColumns"); !list.IsNull() {
		o.BloomFilterColumns = d.strings(list)
	}
}

func (d *describer) float(n *template.Node, def *float64) *float64 {
	if n.IsNull() {
		return def
	}
	f, err := n.Float()
	if err != nil {
		d.fail(err)
	}
	return &f
}

// ParseSerDes reads the deserializer and the serializer of a DataFormatConversionConfiguration, whichever it has.
func ParseSerDes(n *template.Node) (convert.Options, error) {
	d := &describer{}
	var o convert.Options
	if err := api.Check("DataFormatConversionConfiguration", n, ""); err != nil {
		return o, err
	}
	if in := n.Get("InputFormatConfiguration"); d.block(in) {
		d.deserializer(&o, in.Get("Deserializer"), in)
	}
	if out := n.Get("OutputFormatConfiguration"); d.block(out) {
		d.serializer(&o, out.Get("Serializer"), out)
	}
	return o, d.err
}

// SetSerDeOption sets one option of the API's, such as PageSizeBytes, on whichever side of o has it. A list is
// written with commas, a map as a=b,c=d, or either as JSON.
func SetSerDeOption(o *convert.Options, name, value string) error {
	v := &template.Node{Kind: template.String, Text: value}
	switch {
	case strings.HasPrefix(value, "[") || strings.HasPrefix(value, "{"):
		var err error
		if v, err = template.ParseJSON(name, []byte(value)); err != nil {
			return err
		}
	case name == "BloomFilterColumns" || name == "TimestampFormats":
		list := &template.Node{Kind: template.List}
		for _, s := range strings.Split(value, ",") {
			list.Items = append(list.Items, &template.Node{Kind: template.String, Text: s})
		}
		v = list
	case name == "ColumnToJsonKeyMappings":
		m := &template.Node{Kind: template.Map}
		for _, kv := range strings.Split(value, ",") {
			k, s, ok := strings.Cut(kv, "=")
			if !ok {
				return fmt.Errorf("%q: column=key is expected", kv)
			}
			m.Members = append(m.Members, template.Member{Key: k, Value: &template.Node{Kind: template.String, Text: s}})
		}
		v = m
	}
	structure := "ParquetSerDe"
	switch name {
	case "CaseInsensitive", "ConvertDotsInJsonKeysToUnderscores", "ColumnToJsonKeyMappings":
		if structure = "OpenXJsonSerDe"; o.OpenX == nil {
			return errors.New("an option of the OpenX JSON SerDe")
		}
	case "TimestampFormats":
		if structure = "HiveJsonSerDe"; o.Hive == nil {
			return errors.New("an option of the Hive JSON SerDe")
		}
	default:
		if o.ORC != nil {
			structure = "OrcSerDe"
		}
	}
	doc := &template.Node{Kind: template.Map, Members: []template.Member{{Key: name, Value: v}}}
	if err := api.Check(structure, doc, ""); err != nil {
		return err
	}
	d := &describer{}
	switch structure {
	case "OpenXJsonSerDe":
		d.openx(o.OpenX, doc)
	case "HiveJsonSerDe":
		d.hive(o.Hive, doc)
	case "OrcSerDe":
		d.orc(o.ORC, doc)
	default:
		d.parquet(o.Parquet, doc)
	}
	return d.err
}

// CatalogJSON is the dataCatalogTable member of conversion's error lines (format-conversion.md §9).
func (c *Conversion) CatalogJSON() []byte {
	var catalog any
	if c.Catalog != "" {
		catalog = c.Catalog
	}
	b, err := json.Marshal(struct {
		CatalogID  any    `json:"catalogId"`
		Database   string `json:"databaseName"`
		Table      string `json:"tableName"`
		Region     string `json:"region"`
		Version    string `json:"versionId"`
		CatalogARN any    `json:"catalogArn"`
	}{catalog, c.Database, c.Table, c.Region, c.Version, nil})
	if err != nil {
		return []byte("null")
	}
	return b
}
