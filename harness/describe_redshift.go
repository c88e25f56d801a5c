package harness

import (
	"slices"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/template"
)

// Redshift is a stream's RedshiftDestinationConfiguration (destinations.md §1). The stream's S3 is where the intermediate objects go.
type Redshift struct {
	sinkConfig
	URL  string    // ClusterJDBCURL
	Role string    // ARN
	Copy sink.Copy // of its CopyCommand: Table, Columns, Options

	Manifests, Skipped *s3.Prefix // of manifests, and of those of batches that were skipped
}

// Place is "redshift".
func (e *Redshift) Place() string { return "redshift" }

// budget has the pauses; when they end the destination says, which knows when its first COPY was.
func (e *Redshift) budget() budget {
	b := bulkBudget(e.retry)
	b.For = 0
	return b
}

func (e *Redshift) open(s *Stream, o Options) (Destination, error) {
	data, err := s.S3.destination(s, o, s3.Data)
	if err != nil {
		return nil, err
	}
	data.Format = s3.Join{Delimiter: s.Delimiter, Trailing: o.TrailingDelimiter}
	manifest := &s3.Destination{Kind: s3.Manifest, Bucket: o.Bucket, Name: s.S3.Bucket, Stream: s.Name, Version: s.Version, Prefix: e.Manifests,
		KMSKey: s.S3.KMSKey, Seed: o.Seed, Station: "manifest"}
	command := e.Copy
	command.URL, command.User, command.Password = e.URL, e.secret.others["username"], e.secret.value
	lines := s.errorLog(o, s.S3.Logged, s.bucketARN(s.S3.Bucket))
	again := bulkBudget(e.retry)
	return &sink.Redshift{Data: data, Manifest: manifest, Command: command, Role: e.Role, Copier: o.Copier, Trouble: lines.outage,
		PutAgain: func(attempts int, oldest, now time.Time) (time.Time, bool) {
			return s3Budget.next(attempts, oldest, now, 0)
		},
		CopyAgain: func(attempts int, first, now time.Time) bool {
			_, ok := again.next(attempts, first, now, 0)
			return ok
		}}, nil
}

// skipped makes the destination of error output that of the manifests of batches that were skipped, and returns the hints of its
// buffer: those that are skipped within a second share a manifest (CHOICE).
func (e *Redshift) skipped(d *s3.Destination) buffer.Hints {
	d.Kind, d.Prefix, d.Format = s3.Manifest, e.Skipped, sink.SkippedManifest{}
	return buffer.Hints{Size: maxSize, Interval: ImmediateInterval}
}

// redshift reads a RedshiftDestinationConfiguration.
func (d *describer) redshift(s *Stream, n *template.Node) {
	e := &Redshift{URL: d.str(n.Get("ClusterJDBCURL")), Role: "unknown"}
	command, bucket := n.Get("CopyCommand"), n.Get("S3Configuration")
	if role := n.Get("RoleARN"); role.Kind != template.Unresolved { // which a role often is before it was deployed
		e.Role = d.str(role)
	}
	e.Copy = sink.Copy{Table: d.str(command.Get("DataTableName")), Columns: d.str(command.Get("DataTableColumns")), Options: strings.TrimSpace(d.str(command.Get("CopyOptions")))}
	e.hints, e.most = s.S3.Hints, maxSize
	e.retry = d.retryDuration(n, 3600)
	e.secret = d.secret(n, n, "Password", "password")
	user := d.secret(n, n, "Username", "username")
	e.secret.others = map[string]string{user.member: user.value}
	s.Sink = e
	d.backup(s, n)
	if d.err != nil {
		return
	}
	switch prefix := bucket.Get("Prefix"); {
	case e.secret.name == "" || user.name == "":
		d.refuse(n, "Username and Password are required unless SecretsManagerConfiguration is enabled")
	case s.S3.Prefix.HasExpressions():
		d.refuse(prefix, "Prefix must not contain expressions for delivery to Amazon Redshift")
	case !bucket.Get("ErrorOutputPrefix").IsNull() && d.str(bucket.Get("ErrorOutputPrefix")) != "":
		d.refuse(bucket.Get("ErrorOutputPrefix"), "ErrorOutputPrefix is not supported for delivery to Amazon Redshift")
	case s.S3.Compression != compress.Uncompressed && s.S3.Compression != compress.GZIP:
		d.refuse(bucket.Get("CompressionFormat"), "CompressionFormat must be UNCOMPRESSED or GZIP for delivery to Amazon Redshift; it is %s", d.str(bucket.Get("CompressionFormat")))
	default:
		e.Manifests = d.prefix(bucket, prefix, s.S3.Prefix.String()+"manifests/", s3Use(d.options))
		e.Skipped = d.prefix(bucket, prefix, s.S3.Prefix.String()+"errors/manifests/", s3Use(d.options))
		options := strings.Fields(strings.ToUpper(e.Copy.Options))
		if slices.Contains(options, "IGNOREHEADER") {
			d.notice(command, "CopyOptions say IGNOREHEADER: of each object, which has no header, COPY leaves out the first records")
		}
		told := slices.Contains(options, "GZIP")
		switch is := s.S3.Compression == compress.GZIP; {
		case is && !told:
			d.notice(command, "the objects are compressed with GZIP; CopyOptions must say GZIP too, or COPY can't read them")
		case told && !is:
			d.notice(command, "CopyOptions say GZIP, and the objects are not compressed with it: CompressionFormat is not GZIP")
		}
	}
}
