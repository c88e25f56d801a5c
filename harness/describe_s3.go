package harness

import (
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/template"
)

// s3Use is what prefixes may hold where nothing else is said.
func s3Use(o DescribeOptions) s3.Use {
	return s3.Use{DocTimestampRule: o.DocTimestampRule, LiteralError: o.LiteralErrorPrefix}
}

// extended reads an ExtendedS3DestinationConfiguration.
func (d *describer) extended(s *Stream, n *template.Node) {
	hints := hintRange{sizeLo: 1, size: 5}
	use := s3Use(d.options)
	conversion := n.Get("DataFormatConversionConfiguration")
	converts := d.block(conversion) && d.boolean(conversion.Get("Enabled"), true) // omitted is on (format-conversion.md §1)
	if converts {
		hints.sizeLo, hints.size, hints.sizeFor = leastLarge, defaultLarge, "data format conversion is enabled"
	}
	if g := n.Get("DynamicPartitioningConfiguration"); d.block(g) && d.boolean(g.Get("Enabled"), false) {
		s.Partitioning = &Partitioning{Retry: time.Duration(d.integer(g.Get("RetryOptions", "DurationInSeconds"), 300)) * time.Second}
		const enabled = "dynamic partitioning is enabled"
		hints.intervalLo, hints.intervalFor = 60, enabled
		if !converts {
			hints.sizeLo, hints.size, hints.sizeFor = leastLarge, defaultLarge, enabled
		}
		use.Partitioning = true
		if d.str(n.Get("ErrorOutputPrefix")) == "" {
			d.refuse(n, "ErrorOutputPrefix is required when dynamic partitioning is enabled")
		}
	}
	d.bucket(&s.S3, n, hints, use)
	if converts && s.S3.Compression != compress.Uncompressed {
		d.refuse(n.Get("CompressionFormat"), "CompressionFormat must be UNCOMPRESSED when data format conversion is enabled; it is %s", d.str(n.Get("CompressionFormat")))
	}
	s.S3.Zone = d.zone(n.Get("CustomTimeZone"))
	s.S3.Extension = d.str(n.Get("FileExtension"))
	if d.err != nil {
		return
	}
	d.processing(s, n.Get("ProcessingConfiguration"))
	d.partitioning(s, n)
	if converts {
		d.conversion(s, conversion)
	}
	d.backup(s, n)
}

// backup reads where the source records are kept (record-transformation.md §9).
func (d *describer) backup(s *Stream, n *template.Node) {
	mode, b := n.Get("S3BackupMode"), n.Get("S3BackupConfiguration")
	on := d.text(mode, "Disabled") == "Enabled"
	switch {
	case on && b.IsNull():
		d.refuse(mode, "S3BackupConfiguration is required when S3BackupMode is Enabled")
	case on && d.block(b):
		s.Backup = &S3{}
		d.bucket(s.Backup, b, hintRange{sizeLo: 1, size: 5, intervalLo: 60, intervalFor: "it is for the S3 backup"}, s3Use(d.options))
	case !on && !b.IsNull() && d.err == nil:
		d.notice(b, "nothing is backed up: there is an S3BackupConfiguration, but S3BackupMode is Disabled")
	}
}

// zone reads a CustomTimeZone (s3-delivery.md §4.6); nil is UTC.
func (d *describer) zone(n *template.Node) *time.Location {
	name := d.str(n)
	if name == "" {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // that one is this machine's
		d.refuse(n, "Invalid CustomTimeZone: %s", name)
	}
	return zone
}

// A hintRange is what BufferingHints may be in one place beyond the model (s3-delivery.md §1): sizes in MiB, intervals in
// seconds.
type hintRange struct {
	sizeLo, size int64 // least, default; the greatest is 128
	sizeFor      string
	intervalLo   int64 // least; the default is 300, the greatest 900
	intervalFor  string
}

// leastLarge and defaultLarge are of streams that convert or partition, in MiB (s3-delivery.md §1; the default of those that
// partition is a CHOICE, after the console).
const leastLarge, defaultLarge = 64, 128

// defaultInterval is that of every S3 buffer, in seconds (s3-delivery.md §1).
const defaultInterval = 300

func (d *describer) hints(n *template.Node, r hintRange) buffer.Hints {
	h := buffer.Hints{Size: r.size * MiB, Interval: defaultInterval * time.Second}
	if !d.block(n) {
		return h
	}
	size, interval := n.Get("SizeInMBs"), n.Get("IntervalInSeconds")
	switch {
	case size.IsNull() && interval.IsNull():
		return h
	case size.IsNull() || interval.IsNull():
		d.refuse(n, "BufferingHints need both SizeInMBs and IntervalInSeconds, or neither")
		return h
	}
	mb, seconds := d.integer(size, r.size), d.integer(interval, defaultInterval)
	switch {
	case d.err != nil:
	case mb < r.sizeLo:
		d.refuse(size, "BufferingHints.SizeInMBs must be at least %d when %s; it is %d", r.sizeLo, r.sizeFor, mb)
	case seconds < r.intervalLo:
		d.refuse(interval, "BufferingHints.IntervalInSeconds must be at least %d when %s; it is %d", r.intervalLo, r.intervalFor, seconds)
	}
	if h = (buffer.Hints{Size: mb * MiB, Interval: time.Duration(seconds) * time.Second}); seconds == 0 {
		h.Interval = ImmediateInterval
	}
	return h
}

// bucket reads what all S3 configurations have in common. RoleARN isn't read: it may be one that is known after the
// deployment only.
func (d *describer) bucket(b *S3, n *template.Node, r hintRange, use s3.Use) {
	arn := d.str(n.Get("BucketARN")) // arn:….:s3:::NAME
	if i := strings.LastIndex(arn, ":::"); i >= 0 {
		b.Bucket = arn[i+3:]
	}
	b.Hints = d.hints(n.Get("BufferingHints"), r)
	b.Compression, _ = compress.ParseFormat(d.text(n.Get("CompressionFormat"), "UNCOMPRESSED")) // one of the enumeration
	if e := n.Get("EncryptionConfiguration"); e != nil && e.Kind == template.Map && !e.Get("NoEncryptionConfig").IsNull() && !e.Get("KMSEncryptionConfig").IsNull() {
		d.refuse(e, "EncryptionConfiguration has both NoEncryptionConfig and KMSEncryptionConfig") // CHOICE, s3-delivery.md §7
	}
	if key := n.Get("EncryptionConfiguration", "KMSEncryptionConfig", "AWSKMSKeyARN"); !key.IsNull() && key.Kind != template.Unresolved {
		b.KMSKey = d.str(key)
	}
	b.Logged = d.logging(n.Get("CloudWatchLoggingOptions"))
	d.prefixes(b, n, use)
}

// logging reads CloudWatchLoggingOptions (operations.md §2), whose names change nothing of what is delivered and may
// be unknown. on is false where nobody knows it.
func (d *describer) logging(n *template.Node) (on bool) {
	if n == nil || n.Kind != template.Map {
		return false
	}
	if on, err := n.Get("Enabled").Bool(); err != nil || !on {
		return false
	}
	for _, name := range []string{"LogGroupName", "LogStreamName"} {
		if v := n.Get(name); v.IsNull() || v.Kind == template.String && v.Text == "" {
			d.refuse(n, "%s is required when CloudWatch logging is enabled", name)
		}
	}
	return true
}

// prefixes reads Prefix and ErrorOutputPrefix (s3-delivery.md §4).
func (d *describer) prefixes(b *S3, n *template.Node, use s3.Use) {
	at, errorAt := n.Get("Prefix"), n.Get("ErrorOutputPrefix")
	text, errorText := d.str(at), d.str(errorAt)
	if d.err != nil {
		return
	}
	b.Prefix = d.prefix(n, at, text, use)
	use.Error = true
	switch {
	case d.err != nil:
	case errorText != "":
		b.ErrorPrefix = d.prefix(n, errorAt, errorText, use)
	case b.Prefix.HasExpressions():
		d.refuse(at, "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions")
	default: // <Prefix><type>/yyyy/MM/dd/HH/ (s3-delivery.md §4.4)
		use.LiteralError = false
		b.ErrorPrefix = d.prefix(n, at, text, use)
	}
}

func (d *describer) prefix(parent, at *template.Node, text string, use s3.Use) *s3.Prefix {
	p, err := s3.ParsePrefix(text, use)
	if err == nil {
		err = p.Check()
	}
	if at == nil {
		at = parent
	}
	if err != nil {
		d.refuse(at, "%v", err)
		return nil
	}
	if mistaken := mistakenLetters(text); mistaken != "" {
		d.notice(at, "%s", mistaken)
	}
	return p
}

// mistakenLetters says which letters of a prefix's timestamps are often taken for others (s3-delivery.md §4.2), or "".
func mistakenLetters(text string) string {
	has := map[rune]bool{}
	for {
		_, after, ok := strings.Cut(text, "!{timestamp:")
		if !ok {
			break
		}
		var pattern string
		pattern, text, _ = strings.Cut(after, "}")
		quoted := false
		for _, c := range pattern {
			if c == '\'' {
				quoted = !quoted
			}
			has[c] = has[c] || !quoted
		}
	}
	switch {
	case has['Y']:
		return "Y in a timestamp is the year that the week belongs to, which is another one around New Year; y is the calendar's"
	case has['D'] && has['M']:
		return "D in a timestamp is the day of the year; d is the day of the month"
	case has['m'] && !has['M'] && (has['y'] || has['u']) && has['d']:
		return "m in a timestamp is the minute; M is the month"
	}
	return ""
}

// partitioning checks what dynamic partitioning asks of the other blocks (dynamic-partitioning.md §1).
func (d *describer) partitioning(s *Stream, n *template.Node) {
	g := s.Partitioning
	if g == nil || d.err != nil {
		return
	}
	at := n.Get("Prefix")
	if at == nil {
		at = n
	}
	lambda, query := s.S3.Prefix.LambdaKeys(), s.S3.Prefix.QueryKeys()
	switch {
	case g.Query == nil && s.Lambda == nil:
		d.refuse(n.Get("DynamicPartitioningConfiguration"), "dynamic partitioning needs a MetadataExtraction or a Lambda processor")
	case len(lambda)+len(query) == 0:
		d.refuse(at, "Prefix must contain partition keys when dynamic partitioning is enabled")
	case len(query) > 0 && g.Query == nil:
		d.refuse(at, "Prefix names the key %s from a query, but there is no MetadataExtraction processor", query[0])
	case len(lambda) > 0 && s.Lambda == nil:
		d.refuse(at, "Prefix names the key %s from a Lambda, but there is no Lambda processor", lambda[0])
	}
	if g.Query == nil {
		return
	}
	names, known := g.Query.Names()
	if !known {
		return
	}
	if len(names) > partition.MaxKeys { // a Prefix has no room for as many
		d.refuse(n.Get("ProcessingConfiguration"), "MetadataExtractionQuery gives %d partition keys; at most %d are allowed", len(names), partition.MaxKeys)
	}
	// Each key of the query stands in the prefix, and each of the prefix in the query.
	if key := missing(query, names); key != "" {
		d.refuse(at, "Prefix names the partition key %s, which MetadataExtractionQuery doesn't give; it gives %s", key, strings.Join(names, ", "))
	}
	if key := missing(names, query); key != "" {
		d.refuse(at, "Prefix must contain every partition key; !{partitionKeyFromQuery:%s} is missing", key)
	}
}

// missing is the first of keys that isn't in names, or "".
func missing(keys, names []string) string {
next:
	for _, k := range keys {
		for _, name := range names {
			if k == name {
				continue next
			}
		}
		return k
	}
	return ""
}
