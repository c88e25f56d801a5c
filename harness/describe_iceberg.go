package harness

import (
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/internal/jq"
	"github.com/hydrantkit/hydrant/internal/template"
)

// Iceberg is a stream's IcebergDestinationConfiguration (destinations.md §6).
type Iceberg struct {
	sinkConfig
	Tables     []sink.IcebergTable
	AppendOnly bool
	Catalog    string           // the ARN of the Glue Data Catalog; may be empty
	Query      *jq.Query        // of MetadataExtraction, which routes records; nil without
	Clock      *partition.Clock // of the query
	// ErrorPrefixes are those of tables, by their S3ErrorOutputPrefix.
	ErrorPrefixes map[string]*s3.Prefix
}

// Place is "iceberg".
func (e *Iceberg) Place() string { return "iceberg" }

func (e *Iceberg) budget() budget { return endpointBudget(e.retry) }

func (e *Iceberg) open(s *Stream, o Options) (Destination, error) {
	if o.Iceberg != nil {
		with := *o.Iceberg
		if with.Format == nil {
			with.Format = &IcebergFiles{Workers: o.Workers}
		}
		if with.Token == "" {
			with.Token = e.secret.value
		}
		o.Iceberg = &with
	}
	return &sink.Iceberg{Tables: e.Tables, AppendOnly: e.AppendOnly, Transport: o.Transport, Live: o.Iceberg, Seed: o.Seed}, nil
}

// iceberg reads an IcebergDestinationConfiguration.
func (d *describer) iceberg(s *Stream, n *template.Node) {
	e := &Iceberg{AppendOnly: d.boolean(n.Get("AppendOnly"), false), Query: d.query, Clock: d.clock, ErrorPrefixes: map[string]*s3.Prefix{}}
	e.hints, e.most = d.sinkHints(n.Get("BufferingHints"), 1, 5, 128, 300, 900)
	e.retry = d.retryDuration(n, 300)
	e.secret = secret{said: "Token", member: "token", known: true} // of a catalog that wants one
	s.Sink = e
	if at := n.Get("CatalogConfiguration", "CatalogARN"); !at.IsNull() && at.Kind != template.Unresolved {
		e.Catalog = d.str(at)
	}
	if mode := n.Get("S3BackupMode"); d.text(mode, "FailedDataOnly") != "FailedDataOnly" {
		d.refuse(mode, "S3BackupMode %s is not supported for delivery to Apache Iceberg; FailedDataOnly is", d.str(mode))
	}
	for _, preview := range []string{"SchemaEvolutionConfiguration", "TableCreationConfiguration"} {
		if c := n.Get(preview); d.block(c) && d.boolean(c.Get("Enabled"), false) {
			d.absent(c, preview)
		}
	}
	seen := map[string]bool{}
	for _, c := range d.items(n.Get("DestinationTableConfigurationList")) {
		if !d.block(c) {
			return
		}
		t := d.icebergTable(e, c)
		if name := t.Database + "." + t.Table; seen[name] {
			d.refuse(c, "The table %s has more than one destination table configuration", name)
		} else {
			seen[name] = true
		}
		e.Tables = append(e.Tables, t)
	}
	if d.err == nil && len(e.Tables) != 1 && e.Query == nil && s.Lambda == nil {
		d.notice(n, "there are %d destination tables, and nothing says which a record is for: a MetadataExtraction or a Lambda processor does", len(e.Tables))
	}
}

// icebergNames gives members their names in the API that CloudFormation calls otherwise: s3BackupMode, CatalogArn.
func icebergNames(n *template.Node) *template.Node {
	const member, catalog = "IcebergDestinationConfiguration", "CatalogConfiguration"
	rename := func(n *template.Node, from, to string) *template.Node {
		if v := n.Get(from); v != nil && n.Get(to) == nil {
			return with(without(n, from), to, v)
		}
		return n
	}
	c := n.Get(member)
	if c == nil {
		return n
	}
	if inner := c.Get(catalog); inner != nil {
		c = with(c, catalog, rename(inner, "CatalogArn", "CatalogARN"))
	}
	return with(n, member, rename(c, "s3BackupMode", "S3BackupMode"))
}

// items is what a list holds; nothing of one that is absent.
func (d *describer) items(n *template.Node) []*template.Node {
	if n == nil {
		return nil
	}
	if n.Kind == template.Unresolved {
		d.fail(n.Err)
	}
	return n.Items
}

func (d *describer) icebergTable(e *Iceberg, c *template.Node) sink.IcebergTable {
	t := sink.IcebergTable{Database: d.str(c.Get("DestinationDatabaseName")), Table: d.str(c.Get("DestinationTableName"))}
	for _, k := range d.items(c.Get("UniqueKeys")) {
		t.UniqueKeys = append(t.UniqueKeys, d.str(k))
	}
	for _, f := range d.items(c.Get("PartitionSpec", "Identity")) { // of tables that are made; what is there knows its own
		_ = d.str(f.Get("SourceName"))
	}
	at := c.Get("S3ErrorOutputPrefix")
	if t.ErrorPrefix = d.str(at); t.ErrorPrefix != "" && d.err == nil {
		use := s3Use(d.options)
		use.Error = true
		e.ErrorPrefixes[t.ErrorPrefix] = d.prefix(c, at, t.ErrorPrefix, use)
	}
	return t
}
