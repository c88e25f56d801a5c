package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hydrantkit/hydrant/internal/avro"
)

// change says what becomes of the files that the table has: those that hold keys which go are written again without them.
// It is nil where there is nothing to commit.
func (l *IcebergLive) change(ctx context.Context, s *Iceberg, b *icebergBatch, id int64) (*icebergChange, error) {
	c, state := b.commit, b.commit.state
	change := &icebergChange{operation: "append"}
	if state.current != nil {
		list, err := l.avro(ctx, state.current.ManifestList)
		if err != nil {
			return nil, err
		}
		for _, v := range list.Values {
			r, ok := v.(*avro.Record)
			if !ok {
				return nil, unsupported(fmt.Errorf("%s is no manifest list", state.current.ManifestList))
			}
			change.kept = append(change.kept, listed(r))
		}
	}
	if len(c.plan.gone) > 0 {
		if err := l.rewrite(ctx, s, b, id, change); err != nil {
			return nil, err
		}
		switch {
		case len(change.removed) == 0 && len(c.files) == 0:
			return nil, nil
		case len(change.removed) == 0:
		case len(c.files)+len(change.added) == 0:
			change.operation = "delete"
		default:
			change.operation = "overwrite"
		}
	}
	return change, nil
}

// avro reads a file of the table's metadata.
func (l *IcebergLive) avro(ctx context.Context, path string) (*avro.File, error) {
	data, err := l.Storage.Read(ctx, path)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, icebergOutage(fmt.Errorf("%s: %w", path, err))
	}
	f, err := avro.Read(data)
	if err != nil {
		return nil, unsupported(fmt.Errorf("%s: %w", path, err))
	}
	return f, nil
}

// rewrite is copy-on-write.
func (l *IcebergLive) rewrite(ctx context.Context, s *Iceberg, b *icebergBatch, id int64, change *icebergChange) error {
	type part struct {
		at      int // in change.kept
		entry   *avro.Record
		file    *avro.File
		entries []*avro.Record
	}
	var parts []part
	n := 0
	for i, v := range change.kept {
		entry := v.(*avro.Record)
		if whole(entry, 517, "content") != 0 {
			if whole(entry, 504, "added_files_count")+whole(entry, 505, "existing_files_count") == 0 {
				continue
			}
			return unsupported(errors.New("the table has delete files (merge-on-read), by which this version of hydrant doesn't read; updates and deletes need a table without"))
		}
		path, _ := entry.Get(500, "manifest_path").(string)
		file, err := l.avro(ctx, path)
		if err != nil {
			return err
		}
		p := part{at: i, entry: entry, file: file}
		for _, v := range file.Values {
			r, ok := v.(*avro.Record)
			if !ok || r.Get(2, "data_file") == nil {
				return unsupported(fmt.Errorf("%s is no manifest", path))
			}
			if whole(r, 0, "status") != entryDeleted {
				p.entries = append(p.entries, r)
			}
		}
		n += len(p.entries)
		parts = append(parts, p)
	}
	if n > MaxRewriteFiles {
		return unsupported(fmt.Errorf("the table has %d data files; updates and deletes read each of them, and at most %d are read (compact the table first)", n, MaxRewriteFiles))
	}
	again := map[int]bool{} // entries of the list whose manifest is written again
	for _, p := range parts {
		sequence := whole(p.entry, 515, "sequence_number")
		m := &icebergManifest{schema: p.file.Schema, meta: p.file.Meta, spec: whole(p.entry, 502, "partition_spec_id")}
		hit := false
		for _, r := range p.entries {
			data, ok := r.Get(2, "data_file").(*avro.Record)
			if !ok {
				return unsupported(errors.New("an entry of a manifest without a data file"))
			}
			changed, err := l.rewriteFile(ctx, s, b, m.spec, data, change)
			if err != nil {
				return err
			}
			hit = hit || changed
			e := r.Copy()
			own := inherited(r, 3, "sequence_number", sequence)
			numbered := e.Set(3, "sequence_number", own) && e.Set(4, "file_sequence_number", inherited(r, 4, "file_sequence_number", sequence))
			if changed && !numbered {
				return unsupported(errors.New("the table has manifests of format version 1, which have no sequence numbers; rewrite them first (rewrite_manifests)"))
			}
			if changed {
				e.Set(0, "status", int64(entryDeleted))
				e.Set(1, "snapshot_id", id)
			} else {
				e.Set(0, "status", int64(entryExisting))
				if e.Get(1, "snapshot_id") == nil {
					e.Set(1, "snapshot_id", whole(p.entry, 503, "added_snapshot_id"))
				}
			}
			m.add(e, own)
		}
		if hit {
			again[p.at] = true
			change.manifests = append(change.manifests, m)
		}
	}
	kept := change.kept
	change.kept = nil
	for i, v := range kept {
		if !again[i] {
			change.kept = append(change.kept, v)
		}
	}
	return nil
}

// inherited is a sequence number of an entry: where it says none, its manifest's.
func inherited(r *avro.Record, id int, name string, manifest int64) int64 {
	if n, ok := r.Get(id, name).(int64); ok {
		return n
	}
	return manifest
}

// rewriteFile writes a data file again, without the rows whose keys go, and reports whether there are any.
func (l *IcebergLive) rewriteFile(ctx context.Context, s *Iceberg, b *icebergBatch, spec int64, data *avro.Record, change *icebergChange) (bool, error) {
	c, state := b.commit, b.commit.state
	path, _ := data.Get(100, "file_path").(string)
	refuse := func(format string, args ...any) (bool, error) {
		return false, unsupported(fmt.Errorf("%s: "+format, append([]any{path}, args...)...))
	}
	if format, _ := data.Get(101, "file_format").(string); !bytes.EqualFold([]byte(format), []byte("PARQUET")) {
		return refuse("updates and deletes read data files of the format Parquet; this one is %s", format)
	}
	file, err := l.Storage.Read(ctx, path)
	if err != nil {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		return false, icebergOutage(fmt.Errorf("%s: %w", path, err))
	}
	own, err := l.own(file, state)
	if err != nil {
		return refuse("%w", err)
	}
	for _, k := range c.plan.keys {
		if !slices.ContainsFunc(own, func(f icebergField) bool { return f.Name == k }) {
			return false, nil // all its keys are null
		}
	}
	keys, err := l.lines(file, c.plan.keys)
	if err != nil {
		return refuse("%w", err)
	}
	hits := 0
	for _, k := range keys {
		if c.plan.gone[string(c.plan.key(k))] {
			hits++
		}
	}
	if hits == 0 {
		return false, nil
	}
	size := whole(data, 104, "file_size_in_bytes")
	change.removed = append(change.removed, icebergFile{Path: path, Rows: int64(len(keys)), Size: size})
	if hits == len(keys) {
		return true, nil
	}
	if spec != int64(state.spec.ID) {
		return refuse("the file is of an older partition spec of the table")
	}
	rows, err := l.lines(file, nil)
	if err != nil {
		return refuse("%w", err)
	}
	if len(rows) != len(keys) {
		return refuse("%d rows, and %d keys", len(rows), len(keys))
	}
	var rest [][]byte
	for i, row := range rows {
		if !c.plan.gone[string(c.plan.key(keys[i]))] {
			rest = append(rest, row)
		}
	}
	cols, err := newColumns(own)
	if err != nil {
		return refuse("%w", err)
	}
	again, bad, err := l.Format.Write(ctx, cols, len(rest), func(i int) []byte { return rest[i] })
	if err != nil {
		return false, err
	}
	// A row that isn't the same any more is nothing to commit.
	check, err := l.lines(again, nil)
	if err != nil || len(bad) > 0 || !slices.EqualFunc(check, rest, bytes.Equal) {
		return refuse("its rows can't be written again just as they are")
	}
	partition, _ := data.Get(102, "partition").(*avro.Record)
	if partition == nil || len(partition.Values) != len(state.spec.Fields) {
		return refuse("its partition isn't that of the table")
	}
	to, err := l.create(ctx, s, b, state.folder("data"), "", ".parquet", again)
	if err != nil {
		return false, err
	}
	change.added = append(change.added, icebergFile{Path: to, Rows: int64(len(rest)), Size: int64(len(again)), Partition: partition.Values})
	return true, nil
}

// own are the columns of a file, which must be columns of the table under the same names.
func (l *IcebergLive) own(file []byte, s *icebergState) ([]icebergField, error) {
	columns, err := l.Format.Columns(file)
	if err != nil {
		return nil, err
	}
	var own []icebergField
	for _, c := range columns {
		at := slices.IndexFunc(s.schema.Fields, func(f icebergField) bool { return f.ID == int(c.ID) && f.Name == c.Name })
		if at < 0 {
			return nil, fmt.Errorf("its column %s isn't one of the table's", c.Name)
		}
		f := s.schema.Fields[at]
		if c.Floats > f.floats() {
			return nil, fmt.Errorf("its column %s is of float, and the table's of double", c.Name)
		}
		own = append(own, f)
	}
	return own, nil
}
