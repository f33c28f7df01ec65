package web_test

import (
	"context"
	"sync"
	"time"

	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/emergency"
)

// fakeCodes keeps emergency codes and notices in memory.
type fakeCodes struct {
	mu      sync.Mutex
	codes   map[care.EmployeeID]emergency.Stored
	notices []scheduler.Notice
	audit   *fakeAudit
}

func (f *fakeCodes) EmergencyCode(_ context.Context, id care.EmployeeID) (emergency.Stored, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	if code, ok := f.codes[id]; ok {
		return code, nil
	}

	return emergency.Stored{}, care.NewError(care.NotFound, "Ingen kode.")
}

func (f *fakeCodes) SaveEmergencyCode(ctx context.Context, code emergency.Stored, audit []scheduler.AuditRow) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.codes[code.Employee] = code

	return f.audit.record(ctx, audit)
}

func (f *fakeCodes) RemoveEmergencyCode(ctx context.Context, id care.EmployeeID, audit []scheduler.AuditRow) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.codes, id)

	return f.audit.record(ctx, audit)
}

func (f *fakeCodes) UseEmergencyCodes(ctx context.Context, codes [2]emergency.Stored, n scheduler.Notice, audit []scheduler.AuditRow) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.codes, codes[0].Employee)
	delete(f.codes, codes[1].Employee)
	f.notices = append(f.notices, n)

	return f.audit.record(ctx, audit)
}

func (f *fakeCodes) ResolveNotice(ctx context.Context, _ scheduler.NoticeKind, _ string, _ time.Time, e scheduler.Effects) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notices = nil

	return f.audit.record(ctx, e.Audit)
}

func (f *fakeCodes) OpenNotices(context.Context) ([]scheduler.Notice, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	return append([]scheduler.Notice{}, f.notices...), nil
}

func (f *fakeCodes) Record(ctx context.Context, rows []scheduler.AuditRow) error {
	return f.audit.record(ctx, rows)
}

// emergencyOf is emergency access that is open unless closed says so.
func emergencyOf(d web.Directory, audit *fakeAudit, closed func() bool, now func() time.Time) *emergency.Service {
	s, err := emergency.New(emergency.Deps{
		Store: &fakeCodes{codes: map[care.EmployeeID]emergency.Stored{}, audit: audit}, Directory: d, Now: now, Iterations: 2,
		Open: func(context.Context) bool { return !closed() },
	})
	if err != nil {
		panic(err) // all parts are given
	}

	return s
}
