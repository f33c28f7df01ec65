package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/message/mail"
	"github.com/sluse/sluse/connector/message/sms"
	"github.com/sluse/sluse/connector/message/smsgw"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/ehr/handover"
	"github.com/sluse/sluse/ehr/klgateway"
	"github.com/sluse/sluse/ehr/momentum"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/pulled"
	"github.com/sluse/sluse/internal/credential"
	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/internal/web/api"
	"github.com/sluse/sluse/internal/web/hooks"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
	"github.com/sluse/sluse/scheduler/emergency"
)

// Site is one municipality in this process.
type Site struct {
	id       care.MunicipalityID
	config   config.Municipality
	base     *store.Database
	store    *store.Store
	queue    *queue.Queue
	service  *scheduler.Service
	login    *saml.Provider
	closers  []func() error
	verify   func(context.Context) error // asks the video platform whether it has what we rely on
	sessions sessions
	monitor  *monitor
	hooks    []hooks.Hook

	directory *directory.Service
	scim      []route.Route
	eids      []eid.Provider
	person    *saml.Provider // NemLog-in for citizens; nil: there is none
	personKey string
	emergency *emergency.Service
	trusts    []*trust
}

// Service returns the municipality's use cases.
func (s *Site) Service() *scheduler.Service { return s.service }

// Queue returns the municipality's queue.
func (s *Site) Queue() *queue.Queue { return s.queue }

// parts is what building a site needs in every step.
type parts struct {
	m       config.Municipality
	o       Options
	log     *slog.Logger
	observe func(system, op, outcome string, seconds float64)
}

// newSite opens a municipality's database and wires its parts.
func newSite(ctx context.Context, m config.Municipality, o Options) (*Site, error) {
	s := &Site{id: m.ID, config: m, verify: func(context.Context) error { return nil }}
	p := parts{m: m, o: o, log: o.Logger.With("municipality", string(m.ID))}
	p.observe = func(system, op, outcome string, seconds float64) {
		o.Metrics.Call(string(m.ID), system, op, outcome, seconds)
	}

	if err := s.openStore(ctx, p); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}

	if err := s.wire(p); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}

	return s, nil
}

func (s *Site) openStore(ctx context.Context, p parts) error {
	base, err := store.Connect(ctx, p.m.Database)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}

	s.base = base
	s.closers = append(s.closers, base.Close)

	if err := errors.Join(migrations.Check(ctx, base.Writer, base.Dialect), queue.Check(ctx, base.Writer, base.Dialect)); err != nil {
		return fmt.Errorf("database schema: %w", err)
	}

	keys, err := store.NewKeys(store.KeyMaterial{Encryption: p.m.Keys.Encryption, Lookup: p.m.Keys.Lookup})
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}

	if s.monitor, err = newMonitor(p); err != nil {
		return err
	}

	s.queue, err = queue.New(base.Writer, base.Dialect, s.queueOptions(p))
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}

	s.store, err = store.New(base, keys, s.queue, p.log, p.o.Clock)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}

	s.monitor.log, s.monitor.queue = s.store, s.queue

	if s.service, err = s.newService(ctx, p, keys); err != nil {
		return err
	}

	return s.openDirectory(ctx, p)
}

// ahead is how many jobs run for each call that a peer has agreed to. The connector keeps the
// agreement; while some jobs read and write our own database, others use their turn to call.
const ahead = 2

func (s *Site) queueOptions(p parts) queue.Options {
	o := queue.Options{
		Logger:  p.log,
		Reader:  s.base.Reader,
		Present: s.monitor.share,
		Observe: func(o queue.Observation) { p.o.Metrics.Job(string(p.m.ID), string(o.Kind), o.Outcome, o.Took) },
	}

	if p.o.Shifted {
		o.Clock = p.o.Clock
	}

	if p.o.Role == Web {
		return o // it only stores jobs
	}

	o.Workers = map[queue.Name]int{
		queue.Video: ahead * p.m.Video.Calls(), queue.Message: p.m.Messages.Concurrency, queue.Record: ahead * p.m.Record.Concurrency, queue.Work: 4,
	}
	o.Run = func(ctx context.Context, job scheduler.Job) error { return s.service.Run(ctx, job) }

	return o
}

func (s *Site) newService(ctx context.Context, p parts, keys *store.Keys) (*scheduler.Service, error) {
	access, err := s.vdxAccess(p)
	if err != nil {
		return nil, err
	}

	platform, err := s.newVideo(p, access)
	if err != nil {
		return nil, err
	}

	messages, err := s.senders(p, access)
	if err != nil {
		return nil, err
	}

	journal, err := s.newJournal(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("care record: %w", err)
	}

	set, err := settings(p.m)
	if err != nil {
		return nil, err
	}

	credentials, err := credential.New(p.m.PublicURL, p.m.Name)
	if err != nil {
		return nil, fmt.Errorf("known devices: %w", err)
	}

	if err := s.newEids(p); err != nil {
		return nil, err
	}

	notes, err := s.newCaseJournal(p)
	if err != nil {
		return nil, fmt.Errorf("case journal: %w", err)
	}

	gateway, err := newGateway(p.m)
	if err != nil {
		return nil, err
	}

	files := pulled.Source{Else: file.NewSource(p.m.Record.File, keys.Fingerprint)}

	service, err := scheduler.New(scheduler.Deps{
		Gateway:     gateway,
		Eids:        s.eids,
		Credentials: credentials,
		Settings:    set, Store: s.store, Video: platform, Messages: messages, Files: files, Calls: file.Calls{},
		Journal: journal, CaseJournal: notes, Lists: fetcher(p.m.Record, journal), Links: p.m.Keys.Links, Monitor: s.monitor, Logins: s.loginSources(p), Units: s.units, Now: p.o.Clock,
	})
	if err != nil {
		return nil, fmt.Errorf("use cases: %w", err)
	}

	return service, nil
}

// newGateway makes the report of KL's Gateway; nil: it is not set up.
func newGateway(m config.Municipality) (scheduler.CitizenReporter, error) {
	if !m.ReportsKLGateway() {
		return nil, nil //nolint:nilnil // none is what most municipalities have
	}

	reporter, err := klgateway.New(m.KLGateway)
	if err != nil {
		return nil, fmt.Errorf("report of KL's Gateway: %w", err)
	}

	return reporter, nil
}

func (s *Site) senders(p parts, access *vdx.Access) (map[care.Channel]message.Sender, error) {
	out := make(map[care.Channel]message.Sender)

	if p.m.Messages.Texts() {
		sender, err := s.texter(p, access)
		if err != nil {
			return nil, fmt.Errorf("SMS: %w", err)
		}

		out[care.SMS] = sender
	}

	if c := p.m.Messages.Mail; c != nil {
		sender, err := mail.New(*c, mail.Options{Now: p.o.Clock, Observe: p.observe, Peer: s.monitor.peer(connector.MailRole)})
		if err != nil {
			return nil, fmt.Errorf("e-mail: %w", err)
		}

		out[care.Mail] = sender
	}

	return out, nil
}

// texter sends SMS, through VDX or the municipality's own gateway.
func (s *Site) texter(p parts, access *vdx.Access) (message.Sender, error) {
	peer := s.monitor.peer(connector.SMSRole)

	if c := p.m.Messages.Gateway; c != nil {
		return smsgw.New(*c, smsgw.Deps{Now: p.o.Clock, Sender: p.m.Messages.Sender, Observe: p.observe, Log: p.log, Peer: peer})
	}

	deps := sms.Deps{Now: p.o.Clock, Observe: p.observe, Log: p.log, Peer: peer}
	if access != nil {
		deps.Access = access.Equip
	}

	return sms.New(*p.m.Messages.SMS, deps)
}

func (s *Site) newFHIR(p parts) (*fhir.Journal, error) {
	journal, err := fhir.New(p.m.Record.FHIR, fhir.Options{Now: p.o.Clock, Observe: p.observe, Log: p.log, Peer: s.monitor.peer(connector.RecordRole)})
	if err != nil {
		return nil, fmt.Errorf("FHIR: %w", err)
	}

	return journal, nil
}

func (s *Site) newJournal(ctx context.Context, p parts) (ehr.Journal, error) {
	if p.m.Record.Kind == nexus.System {
		journal, err := s.newNexus(p)
		if err != nil {
			return nil, err
		}

		s.closers = append(s.closers, func() error {
			journal.Close()

			return nil
		})

		return journal, nil
	}

	if p.m.Record.Kind == "fhir" {
		return s.newFHIR(p)
	}

	if p.m.Record.Kind == handover.System {
		journal, err := handover.New(p.m.Record.Handover, handover.Options{Now: p.o.Clock, Observe: p.observe, Peer: s.monitor.peer(connector.RecordRole)})
		if err != nil {
			return nil, fmt.Errorf("hand-over: %w", err)
		}

		s.closers = append(s.closers, func() error { journal.Close(); return nil })

		return journal, nil
	}

	journal, err := file.New(p.m.Record.File, file.Options{Now: p.o.Clock, Peer: s.monitor.peer(connector.RecordRole)})
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}

	s.closers = append(s.closers, func() error { return journal.Close(context.WithoutCancel(ctx)) })

	// What was acknowledged before a crash is brought into the files that people and robots read.
	if err := journal.Recover(ctx); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}

	return journal, nil
}

// newCaseJournal connects KMD Momentum; nil: the municipality has none.
func (s *Site) newCaseJournal(p parts) (ehr.Journal, error) {
	if p.m.Record.Momentum == nil {
		return nil, nil //nolint:nilnil // there is none
	}

	journal, err := momentum.New(*p.m.Record.Momentum, momentum.Options{Now: p.o.Clock, Observe: p.observe, Log: p.log, Peer: s.monitor.peer(connector.JournalRole)})
	if err != nil {
		return nil, fmt.Errorf("KMD Momentum: %w", err)
	}

	s.closers = append(s.closers, func() error { journal.Close(); return nil })

	return journal, nil
}

// fetcher reads driving lists from the record; nil: it can't, or nobody said which.
func fetcher(c config.Record, journal ehr.Journal) ehr.Fetcher {
	source, ok := journal.(ehr.ListSource)
	if !ok || !c.HasLists() {
		return nil
	}

	return pulled.Fetcher{From: source}
}

func (s *Site) wire(p parts) error {
	var err error

	s.login, err = saml.New(p.m.Login, s.store, p.o.Clock)
	if err != nil {
		return fmt.Errorf("login: %w", err)
	}

	s.trusts = append(s.trusts, newTrust(staffLogin, "staff", s.login, p.o.Clock))
	if s.person != nil {
		s.trusts = append(s.trusts, newTrust(citizenLogin, "citizen", s.person, p.o.Clock))
	}

	s.hooks, err = s.newHooks()
	if err != nil {
		return err
	}

	if err = s.openEmergency(p); err != nil {
		return err
	}

	s.sessions = sessions{store: s.store, idp: s.login.IDP()}

	return nil
}

// web returns the municipality as the web server sees it.
func (s *Site) web() web.Site {
	site := s.pages()
	if s.person != nil {
		site.Person, site.PersonKey = s.person, s.personKey
	}

	return site
}

func (s *Site) pages() web.Site {
	return web.Site{
		Municipality: s.id, Hosts: s.config.Hosts, PublicURL: s.config.PublicURL, Name: s.config.Name, Phone: s.config.Phone,
		Emergency: s.config.Emergency, UseCases: s.service, Sessions: s.sessions, Login: s.login,
		Grants: grants(s.config.Roles, s.config.Units), Audit: s.store.Record, Directory: s.directory, People: s.directory, SCIM: s.scim, EmergencyAccess: s.emergency,
		SessionRules: web.SessionRules{Idle: s.config.Sessions.Idle, MinLevel: s.config.Sessions.Levels()},
		Limits:       budgets(s.config.Protection.Limits), API: api.New(s.service), Hooks: s.hooks, Hints: s.hints(),
	}
}

// close ends the site's connections.
func (s *Site) close(context.Context) error {
	var errs []error

	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}

	s.closers = nil

	return errors.Join(errs...)
}
