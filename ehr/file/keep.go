package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// keep stores an input. The manifest's change of name is the moment from which it counts.
func (l *keptList) keep(ctx context.Context, file ehr.File, rows []ehr.RowRef) error {
	const op = "keep"

	next := &content{dir: l.dir, input: slices.Clone(file.Data), manifest: manifest{
		List: string(l.id), Generation: 1, Name: fileName(file.Name), Hash: hashOf(file.Data), Rows: manifestRows(rows),
	}}
	old := manifest{}

	switch err := l.load(ctx); {
	case err == nil:
		old = l.content.manifest
		next.follow(old, l.content.seq)
	case !errors.Is(err, errNoList):
		return l.classify(op, err)
	}

	if err := next.open(ctx, l.journal.aliases); err != nil {
		return l.classify(op, err)
	}

	if next.same(old) {
		return l.show(ctx)
	}

	l.content = nil

	if err := next.store(old); err != nil {
		return trouble(op, connector.Unavailable, err)
	}

	if err := l.load(ctx); err != nil {
		return l.classify(op, err)
	}

	return l.show(ctx)
}

// follow makes next the successor of an earlier input.
func (c *content) follow(old manifest, seq int) {
	c.manifest.Generation = old.Generation + 1
	c.manifest.KeptSeq = seq

	if c.manifest.Hash == old.Hash { // the same file, read anew: it knows of no further entries
		c.manifest.KeptSeq = old.KeptSeq
	}

	now := make(map[care.SourceRef]bool, len(c.manifest.Rows))
	for _, row := range c.manifest.Rows {
		now[row.ref()] = true
	}

	for _, row := range slices.Concat(old.Former, old.Rows) {
		if ref := row.ref(); !now[ref] {
			now[ref] = true
			row.Line = 0
			c.manifest.Former = append(c.manifest.Former, row)
		}
	}
}

// same reports whether the old manifest already says it all.
func (c *content) same(old manifest) bool {
	return c.manifest.Hash == old.Hash && c.manifest.Name == old.Name && slices.Equal(c.manifest.Rows, old.Rows)
}

// store writes the input and the manifest, and deletes what the earlier input left.
func (c *content) store(old manifest) error {
	for _, dir := range []string{inputDir, outputDir} {
		if err := os.MkdirAll(filepath.Join(c.dir, dir), dirMode); err != nil {
			return err //nolint:wrapcheck // the caller classifies
		}
	}

	data, err := json.Marshal(c.manifest)
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}

	if err := writeFile(c.inputPath(), c.input, true); err != nil {
		return err
	}

	if err := writeFile(filepath.Join(c.dir, manifestName), data, true); err != nil {
		return err
	}

	if err := syncDir(filepath.Dir(c.dir)); err != nil || old.Generation == 0 {
		return err
	}

	before := content{dir: c.dir, manifest: old}
	left := []string{before.inputPath()}

	if old.Name != c.manifest.Name {
		left = append(left, filepath.Join(c.dir, outputDir, old.Name))
	}

	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err //nolint:wrapcheck // the caller classifies
		}
	}

	return nil
}

func manifestRows(rows []ehr.RowRef) []manifestRow {
	out := make([]manifestRow, len(rows))
	for i, row := range rows {
		out[i] = manifestRow{Line: row.Line, System: row.Source.System, ID: row.Source.ID, Occurrence: row.Source.Occurrence}
	}

	return out
}

// readManifests returns the manifests of all lists in the directory.
func readManifests(dir string) ([]manifest, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", manifestName))
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller classifies
	}

	manifests := make([]manifest, 0, len(paths))

	for _, path := range paths {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // forgotten meanwhile
		} else if err != nil {
			return nil, err //nolint:wrapcheck // the caller classifies
		}

		var m manifest
		if err := json.Unmarshal(data, &m); err != nil {
			return nil, fmt.Errorf("%w: %w", errDamaged, err)
		}

		manifests = append(manifests, m)
	}

	return manifests, nil
}
