// Package world is everything around the program on one machine: a video platform, a care record,
// a mail relay and an identity provider, all simulated, and a configuration file that connects a
// municipality to them. The demo runs in it, and so do the end-to-end and crash tests.
package world

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
	"github.com/sluse/sluse/connector/message/mail/mailsim"
	"github.com/sluse/sluse/connector/message/smsgw/smsgwsim"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/momentum/momentumsim"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
	"github.com/sluse/sluse/scheduler/care"
)

// Options say what world to make.
type Options struct {
	// Dir takes the configuration, secrets, and SQLite databases.
	Dir string
	// Clock is the time that all peers live by.
	Clock func() time.Time
	// Listen is the program's address, host:port with a fixed port on loopback.
	Listen string
	// Video is the video platform; VDX2 when empty.
	Video VideoKind
	// EID is where citizens log in; NemLogIn when empty.
	EID EIDKind
	// Municipalities are those of the program; the first one's peers are the world's.
	Municipalities []Municipality
	// Seed and Faults make the peers misbehave, Faults a share of calls from 0 to 1.
	Seed   uint64
	Faults float64
	// Latency is added to every call to the video platform and the care record.
	Latency time.Duration
	// VideoLatency is added to the calls to the video platform alone.
	VideoLatency time.Duration
	// Prompt has the video platforms know their rooms and show their history at once, and not only after a
	// while as they do by themselves.
	Prompt bool
	// NodeLead is how long before a visit an own Pexip's room is made; 30 minutes when 0.
	NodeLead time.Duration
	// Concurrency is how many calls at once the platforms agree to; 8 when 0.
	Concurrency int
	// AnyHour has messages leave at every hour, also by night.
	AnyHour bool
	// Employees can log in besides those of the sample lists, by their initials.
	Employees []string
	// EveryList lets driving lists that no unit is named for belong to a unit of their own.
	EveryList bool
	// Record is the care record; FHIRRecord when empty.
	Record RecordKind
	// Planned are visits that the record itself plans: its driving lists are then read from it. Without
	// them, and with FileRecord always, lists come as files.
	Planned []ehr.Row
	// Citizens are whom the case journal knows; those of the citizens' login when empty.
	Citizens []care.CPR
	// Practice is how the municipality has its record told; Plain when empty.
	Practice Practice
}

// Municipality is one municipality of the world.
type Municipality struct {
	ID   care.MunicipalityID
	Name string
	// Host is the name under which it is reached, "127.0.0.1" or "localhost".
	Host string
	// Database is sqlite:PATH or postgres://…; empty: an SQLite file in Dir.
	Database string
}

// World is a started world.
type World struct {
	VDX   *vdxsim.Server   // nil with Pexip
	Pexip *pexipsim.Server // nil with VDX
	SMS   *smsgwsim.Server // the municipality's SMS gateway; nil with VDX, which sends SMS itself
	FHIR  *fhirsim.Server  // nil with another record
	Nexus *nexussim.Server // nil with another record
	Mail  *mailsim.Server
	// Momentum is the case journal of Varde's practice; nil with others.
	Momentum *momentumsim.Server
	IDP      *idpsim.Server  // of the employees
	MitID    *idpsim.Server  // of the citizens, as NemLog-in is; nil with Broker
	OIDC     *oidcsim.Server // of the citizens, a broker of MitID with OpenID Connect; nil with NemLogIn

	URLs       vdxsim.URLs   // empty with Pexip
	NodeURLs   pexipsim.URLs // empty with VDX
	InboxURL   string        // the citizens' telephones
	RoomsURL   string        // the rooms with their links
	RecordURL  string        // base of the record's pages, with FHIR also of its API; empty with FileRecord
	LettersURL string        // the citizens' mailboxes
	LoginURL   string        // the identity provider of the employees
	MitIDURL   string        // that of the citizens; empty with Broker
	BrokerURL  string        // the citizens' broker; empty with NemLogIn
	ConfigFile string
	Dir        string
	Kind       VideoKind
	Record     RecordKind
	Practice   Practice

	relay        string // host:port of the mail relay
	portal       string // base of the pages on which people enter and leave rooms
	gateway      string // base of the SMS gateway
	hookPassword string // of the event sink at the program
	nexus        nexussim.URLs
	momentum     string // base of the case journal
	history      history
	undo         []func() error
}

// Start makes the world and writes the configuration file.
func Start(ctx context.Context, o Options) (*World, error) {
	if o.Concurrency == 0 {
		o.Concurrency = 8
	}

	if o.Video == "" {
		o.Video = VDX2
	}

	if o.EID == "" {
		o.EID = NemLogIn
	}

	o.Record, o.Practice = cmp.Or(o.Record, FHIRRecord), cmp.Or(o.Practice, Plain)

	if o.NodeLead == 0 {
		o.NodeLead = 30 * time.Minute
	}

	w := &World{Kind: o.Video, Record: o.Record, Practice: o.Practice, Dir: o.Dir, ConfigFile: filepath.Join(o.Dir, "sluse.yaml")}

	for _, part := range []func(context.Context, Options) error{w.startVideo, w.startRecord, w.startMail, w.startLogin, w.startCitizenLogin, w.writeConfig} {
		if err := part(ctx, o); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}

	return w, nil
}

// Close ends every peer.
func (w *World) Close() error {
	var errs []error

	for _, undo := range slices.Backward(w.undo) {
		errs = append(errs, undo())
	}

	w.undo = nil

	return errors.Join(errs...)
}

// HistoryKey opens the video platform's history.
const HistoryKey = "historik-noegle-til-demo"

func (w *World) startMail(ctx context.Context, o Options) error {
	sim, err := mailsim.New(mailsim.Options{Clock: o.Clock, Seed: o.Seed, Calm: o.Faults == 0, Faults: mailsim.Spread(o.Faults)})
	if err != nil {
		return fmt.Errorf("mail relay: %w", err)
	}

	w.Mail = sim
	w.undo = append(w.undo, sim.Close)

	if w.relay, err = sim.Listen(ctx, "127.0.0.1:0"); err != nil {
		return fmt.Errorf("mail relay: %w", err)
	}

	w.LettersURL, err = w.serve(ctx, sim.Handler())

	return err
}

func (w *World) startLogin(ctx context.Context, o Options) (err error) {
	if w.IDP, w.LoginURL, err = w.startIDP(ctx, o, saml.PathMetadata, idpsim.Options{Users: Staff(o.Employees...)}); err != nil {
		return fmt.Errorf("identity provider: %w", err)
	}

	return nil
}

// startIDP starts an identity provider that knows the municipalities by their metadata.
func (w *World) startIDP(ctx context.Context, o Options, path string, so idpsim.Options) (*idpsim.Server, string, error) {
	_, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, "", fmt.Errorf("listen address: %w", err)
	}

	so.Now = o.Clock
	for _, m := range o.Municipalities {
		so.MetadataURLs = append(so.MetadataURLs, publicURL(m, port)+path)
	}

	sim, err := idpsim.New(so)
	if err != nil {
		return nil, "", err
	}

	w.undo = append(w.undo, func() error { return sim.Stop(context.WithoutCancel(ctx)) })

	base, err := sim.Start(ctx, "127.0.0.1:0")

	return sim, base, err
}

// serve puts a handler on a loopback port of its own.
func (w *World) serve(ctx context.Context, h http.Handler) (string, error) {
	var lc net.ListenConfig

	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}

	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	w.undo = append(w.undo, server.Close)

	go func() { _ = server.Serve(l) }() // ends with Close

	return "http://" + l.Addr().String(), nil
}

func publicURL(m Municipality, port string) string { return "http://" + net.JoinHostPort(m.Host, port) }

// Staff are the test logins: one of each role, one with two units and roles, the employees of the sample lists, and those named.
func Staff(employees ...string) []idpsim.User {
	staff := []idpsim.User{
		{ID: "PLAN", Title: "Planlægger", Name: "Planlægger Test", Email: "plan@testby.example", Groups: []string{"sluse-planlaegger"}},
		{ID: "LEDER", Title: "Leder", Name: "Leder Test", Email: "leder@testby.example", Groups: []string{"sluse-leder"}},
		{ID: "ADMIN", Title: "Systemforvalter", Name: "Systemforvalter Test", Email: "admin@testby.example", Groups: []string{"sluse-admin"}},
		{ID: "REV", Title: "Revisor", Name: "Revisor Test", Email: "rev@testby.example", Groups: []string{"sluse-revisor"}},
		{ID: "DESK", Title: "Servicedesk", Name: "Servicedesk Test", Email: "desk@testby.example", Groups: []string{"sluse-servicedesk"}},
		{
			ID: "TO", Title: "Medarbejder i Øst og Vest, planlægger i Vest", Name: "Toenheder Test", Email: "to@testby.example",
			Groups: []string{"sluse-medarbejder-oest", "sluse-medarbejder-vest", "sluse-planlaegger-vest"},
		},
	}

	for _, initials := range append([]string{"MSK", "LBH", "AØJ", "TKR", "PÆN", "VIK"}, employees...) {
		if initials == "" || slices.ContainsFunc(staff, func(u idpsim.User) bool { return u.ID == initials }) {
			continue
		}

		staff = append(staff, idpsim.User{
			ID: initials, Title: "Medarbejder", Name: "Medarbejder " + initials, Email: "medarbejder@testby.example", Groups: []string{"sluse-medarbejder"},
		})
	}

	for i := range staff {
		staff[i].Level = "Substantial"
	}

	return staff
}

// The ports that FreePort looks at lie below those that systems hand out to outgoing connections
// (Linux from 32768, others from 49152): one of these could take a port before its server listens,
// or while a killed server is started again.
const (
	firstPort = 20_000
	lastPort  = 30_000
	portTries = 100
)

// FreePort returns a loopback address with a port that nobody listens on now.
func FreePort(ctx context.Context) (string, error) {
	var (
		lc   net.ListenConfig
		errs []error
	)

	for range portTries {
		port := firstPort + mathrand.IntN(lastPort-firstPort) //nolint:gosec // any free port will do; nothing is kept secret by it

		l, err := lc.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			errs = append(errs, err)

			continue
		}

		addr := l.Addr().String()

		if err := l.Close(); err != nil {
			return "", fmt.Errorf("find a free port: %w", err)
		}

		return addr, nil
	}

	return "", fmt.Errorf("find a free port: %w", errors.Join(errs...))
}

// writeSecret writes a file that only this user can read.
func writeSecret(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write secret: %w", err)
	}

	return nil
}

// writeKeys makes a municipality's keys, unless they are there from an earlier run on the same
// database.
func writeKeys(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "links.key")); err == nil {
		return nil
	}

	material, err := store.GenerateKeys()
	if err != nil {
		return fmt.Errorf("make keys: %w", err)
	}

	return errors.Join(
		writeSecret(filepath.Join(dir, "encryption.json"), material.Encryption.Reveal()),
		writeSecret(filepath.Join(dir, "lookup.json"), material.Lookup.Reveal()),
		writeSecret(filepath.Join(dir, "rooms.key"), rand.Text()+rand.Text()),
		writeSecret(filepath.Join(dir, "links.key"), rand.Text()+rand.Text()),
	)
}
