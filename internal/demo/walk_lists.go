package demo

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// importLists brings in every driving list: as files, or from the record.
func (w *walk) importLists(ctx context.Context) error {
	var err error
	if w.planner, err = w.login(ctx, "PLAN"); err != nil {
		return err
	}

	if w.fetched {
		return w.fetchLists(ctx)
	}

	for _, f := range w.lists() {
		var record struct {
			Rows   int `json:"rows"`
			Faults int `json:"faults"`
		}

		if err := w.planner.upload(ctx, "/api/v1/driving-lists", f.Name, f.Data, &record); err != nil {
			return err
		}

		if f.Name == w.File.Name {
			w.rows = record.Rows
		}

		fmt.Fprintf(w.out, "Køreliste %s: %d rækker, %d med fejl\n", f.Name, record.Rows, record.Faults)
	}

	return nil
}

// fetchLists reads the lists of every day from the record and imports them, as a planner does on the
// page for it.
func (w *walk) fetchLists(ctx context.Context) error {
	for _, day := range w.Days {
		lists, err := w.awaitLists(ctx, day)
		if err != nil {
			return err
		}

		for _, l := range lists {
			if err := w.importFetched(ctx, l); err != nil {
				return err
			}
		}
	}

	return nil
}

// fetchedList is a row of the page of lists that were read from the record.
type fetchedList struct {
	name, upload string
	visits       int
}

var (
	fetchedPattern = regexp.MustCompile(`<th scope="row" data-title="Køreliste">([^<]*)</th>.*?class="num">([0-9.]+)</td>.*?href="/import/([^"]+)"`)
	fetchingNow    = regexp.MustCompile(`data-reload="5"`)
	fetchFailed    = regexp.MustCompile(`Kunne ikke hentes|Det gik ikke`) // one list, or all
)

// ask has the lists of a day read.
func (w *walk) ask(ctx context.Context, day care.Day) error {
	a, err := w.planner.post(ctx, "/import/hent", url.Values{"dato": {string(day)}})
	if err != nil {
		return err
	}

	return a.want("POST /import/hent", http.StatusSeeOther)
}

// awaitLists waits until every list of a day was read. Where one could not be, the planner asks again.
func (w *walk) awaitLists(ctx context.Context, day care.Day) ([]fetchedList, error) {
	limit, cancel := context.WithTimeout(ctx, waitSettled)
	defer cancel()

	if err := w.ask(limit, day); err != nil {
		return nil, err
	}

	for {
		if err := w.Settle(limit); err != nil {
			return nil, err
		}

		page, err := w.planner.do(limit, http.MethodGet, "/import/hent?dato="+string(day), "", nil)
		if err != nil {
			return nil, err
		}

		if err := page.want("GET /import/hent", http.StatusOK); err != nil {
			return nil, err
		}

		switch waits := fetchingNow.Match(page.body); {
		case !waits && !fetchFailed.Match(page.body):
			return listsOn(page.body)
		case !waits:
			if err := w.ask(limit, day); err != nil {
				return nil, err
			}
		}

		if err := w.Jump(limit, w.Now().Add(retryStep)); err != nil {
			return nil, err
		}
	}
}

// listsOn reads the page; the lists without a visit are left out.
func listsOn(page []byte) ([]fetchedList, error) {
	var out []fetchedList

	for _, m := range fetchedPattern.FindAllSubmatch(page, -1) {
		visits, err := strconv.Atoi(string(m[2]))
		if err != nil {
			return nil, fmt.Errorf("%w: the page of lists: %w", errStatus, err)
		}

		if visits > 0 {
			out = append(out, fetchedList{html.UnescapeString(string(m[1])), string(m[3]), visits})
		}
	}

	if len(out) == 0 {
		return nil, fmt.Errorf("%w: the record showed no driving list", errStatus)
	}

	return out, nil
}

func (w *walk) importFetched(ctx context.Context, l fetchedList) error {
	a, err := w.planner.post(ctx, "/import/"+l.upload, nil)
	if err != nil {
		return err
	}

	if err := a.want("POST /import/{list}", http.StatusSeeOther); err != nil {
		return err
	}

	if w.main[l.name] {
		w.rows += l.visits
	}

	fmt.Fprintf(w.out, "Køreliste %s fra journalen: %d besøg\n", l.name, l.visits)

	return nil
}

var errNoRow = errors.New("a visit has no row on the driving list")

// rowOf finds a visit's row: nobody is in two places at a time.
func (w *walk) rowOf(v *visit) (ehr.Row, error) {
	for _, row := range w.Demo.rows {
		same := row.Planned.Start.Equal(v.Planned.Start) && string(row.Employee) == v.Employee && row.Service == v.Service
		if same && row.CPR.Mask() == v.Citizen.CPR {
			return row, nil
		}
	}

	return ehr.Row{}, errNoRow
}
