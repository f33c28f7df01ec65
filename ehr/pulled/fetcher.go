package pulled

import (
	"context"
	"fmt"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// Fetcher reads lists from a record and makes files of them.
type Fetcher struct{ From ehr.ListSource }

var _ ehr.Fetcher = Fetcher{}

// Lists names the lists that can be read.
func (f Fetcher) Lists(ctx context.Context) ([]ehr.ListRef, error) {
	lists, err := f.From.Lists(ctx)
	if err != nil {
		return nil, fmt.Errorf("lists of the record: %w", err)
	}

	return lists, nil
}

// Fetch reads a list. What it holds is the whole truth about the list in the period.
func (f Fetcher) Fetch(ctx context.Context, list ehr.ListRef, period care.Interval) (ehr.File, error) {
	read, err := f.From.Read(ctx, list, period)
	if err != nil {
		return ehr.File{}, fmt.Errorf("read a list of the record: %w", err)
	}

	read.Covers = ehr.Coverage{System: f.From.System(), Lists: []string{list.Name}, Period: period}
	if read.Encoding == "" {
		read.Encoding = f.From.System()
	}

	for i := range read.Rows {
		read.Rows[i].ListName = list.Name
	}

	file, err := File(list.Name+" "+string(care.DayOf(period.Start)), read)
	if err != nil {
		return ehr.File{}, &connector.Error{System: system, Op: "fetch", Kind: connector.Malformed, Err: err}
	}

	return file, nil
}
