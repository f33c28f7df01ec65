package handover_test

import (
	"context"
	"encoding/pem"
	"errors"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/handover"
	"github.com/sluse/sluse/ehr/handover/sftppeer"
	"github.com/sluse/sluse/scheduler/care"
)

// place is where a journal and a robot meet: each with the folders as it sees them.
type place struct {
	journal, robot handover.Config
	server         *sftppeer.Server // nil: a disk
}

// places are a disk and a server.
func places() []struct {
	name string
	open func(t *testing.T) place
} {
	return []struct {
		name string
		open func(t *testing.T) place
	}{
		{"disk", func(t *testing.T) place {
			t.Helper()

			c := folders(t)

			return place{journal: c, robot: c}
		}},
		{"sftp", remote},
	}
}

// remote is a server whose folders have Danish names.
func remote(t *testing.T) place {
	t.Helper()

	const base = "Hjemmepleje Øst/æ å"

	root := t.TempDir()
	local := filepath.Join(root, base)

	p := place{
		robot:   handover.Config{Queue: filepath.Join(local, "kø"), Receipts: filepath.Join(local, "receipts"), Sent: filepath.Join(local, "sent")},
		journal: handover.Config{Queue: path.Join("/", base, "kø"), Receipts: path.Join("/", base, "receipts"), Sent: path.Join("/", base, "sent")},
		server:  sftppeer.Start(t, root),
	}

	for _, f := range []string{p.robot.Queue, p.robot.Receipts, p.robot.Sent} {
		if err := os.MkdirAll(f, 0o750); err != nil {
			t.Fatal(err)
		}
	}

	p.journal.SFTP = &handover.SFTP{
		Address: p.server.Address(), User: sftppeer.User, Password: care.NewSecret(sftppeer.Password), HostKeys: []string{p.server.HostKey()},
	}
	p.journal.SetDefaults()

	return p
}

// TestWaysSFTP runs the port's suite over a server that has bad days, as its clerk has.
func TestWaysSFTP(t *testing.T) {
	t.Parallel()
	ehrtest.RunWays(t, func(t *testing.T, seed uint64) ehrtest.Record {
		t.Helper()

		p := remote(t)
		p.journal.SFTP.Timeout = 2 * time.Second // for the mishaps that nobody answers

		c := newClerk(p.robot)
		r := c.record(t, p.journal, seed)
		storm, heal := r.Storm, r.Heal

		r.Storm = func(t *testing.T) {
			t.Helper()
			storm(t)
			p.server.Storm(dice(seed))
		}
		r.Heal = func(t *testing.T) {
			t.Helper()
			heal(t)
			p.server.Heal()
			p.server.Refuse(false)
			p.server.Up(t)
		}

		once := func(how string, after bool) func(*testing.T, ehr.Change) {
			return func(t *testing.T, change ehr.Change) {
				t.Helper()

				if how == sftppeer.Hang && change.Means != care.OnList {
					t.Skip("waiting once is enough: the server does not know the means")
				}

				p.server.Once(sftppeer.Fault{Op: sftppeer.Posix, How: how, After: after})
			}
		}

		r.Arms = slices.DeleteFunc(r.Arms, func(a ehrtest.Arm) bool { return a.Mishap == ehrtest.LostAfter })
		r.Arms = slices.Concat(r.Arms, []ehrtest.Arm{
			{Mishap: ehrtest.Gone, Do: func(*testing.T, ehr.Change) { p.server.Down() }},
			{Mishap: ehrtest.LostBefore, Do: func(*testing.T, ehr.Change) {
				p.server.Once(sftppeer.Fault{Op: sftppeer.Write, How: sftppeer.Drop, After: true}) // half a file is there
			}},
			{Mishap: ehrtest.LostAfter, Do: once(sftppeer.Drop, true)},
			{Mishap: ehrtest.TimeoutBefore, Do: once(sftppeer.Hang, false)},
			{Mishap: ehrtest.TimeoutAfter, Do: once(sftppeer.Hang, true)},
			{Mishap: ehrtest.ErrorBefore, Do: once(sftppeer.Fail, false)},
			{Mishap: ehrtest.ErrorAfter, Do: once(sftppeer.Fail, true)},
			{Mishap: ehrtest.Unavailable, Do: func(*testing.T, ehr.Change) {
				p.server.Once(sftppeer.Fault{Op: sftppeer.Write, How: sftppeer.Full, After: true})
			}},
			{Mishap: ehrtest.Unauthorized, Do: func(*testing.T, ehr.Change) { p.server.Refuse(true) }},
			{Mishap: ehrtest.NotPermitted, Do: func(*testing.T, ehr.Change) {
				p.server.Always(sftppeer.Fault{Op: sftppeer.Create, How: sftppeer.Denied})
			}},
		}, ehrtest.Without("SFTP has neither tokens, limits nor lists of objects", ehrtest.TooMany, ehrtest.TokenEnded, ehrtest.HalfObjects))

		return r
	})
}

// dice makes one call in twelve go wrong in some way.
func dice(seed uint64) func() sftppeer.Fault {
	var (
		mutex sync.Mutex
		d     = rand.New(rand.NewPCG(seed, 2))
		ops   = []string{
			sftppeer.Open, sftppeer.Create, sftppeer.Write, sftppeer.Posix, sftppeer.Rename, sftppeer.Remove, sftppeer.Stat, sftppeer.List,
		}
		hows = []string{sftppeer.Drop, sftppeer.Drop, sftppeer.Fail, sftppeer.Full, sftppeer.Denied}
	)

	return func() sftppeer.Fault {
		mutex.Lock()
		defer mutex.Unlock()

		if d.IntN(2) == 0 {
			return sftppeer.Fault{}
		}

		return sftppeer.Fault{Op: ops[d.IntN(len(ops))], How: hows[d.IntN(len(hows))], After: d.IntN(2) == 0}
	}
}

// TestOneConnection hands many changes over at once on one connection, and opens another one when that
// is cut.
func TestOneConnection(t *testing.T) {
	t.Parallel()

	p := remote(t)
	j := open(t, p.journal)

	hand := func(name string) {
		t.Helper()

		var group sync.WaitGroup

		for i := range 20 {
			group.Go(func() {
				if _, err := j.Apply(t.Context(), planned(t, name+string(rune('a'+i)))); !connector.Is(err, connector.Pending) {
					t.Errorf("%v", err)
				}
			})
		}

		group.Wait()
	}

	hand("x")

	if n := p.server.Logins(); n != 1 {
		t.Errorf("%d connections", n)
	}

	p.server.Cut()

	hand("y")

	if files, _ := filepath.Glob(filepath.Join(p.robot.Queue, "*.json")); len(files) != 40 || p.server.Logins() != 2 {
		t.Errorf("%d files, %d connections", len(files), p.server.Logins())
	}
}

// TestStrangeServer tells of a server that shows another key, with both fingerprints, and gives it
// neither password nor file.
func TestStrangeServer(t *testing.T) {
	t.Parallel()

	p := remote(t)
	before := p.server.Fingerprint()
	j := open(t, p.journal)

	_, _ = j.Apply(t.Context(), planned(t, "a"))

	p.server.ChangeKey(sftppeer.NewKey(t))

	_, err := j.Apply(t.Context(), planned(t, "b"))
	if !connector.Is(err, connector.Unauthorized) || !strings.Contains(err.Error(), before) || !strings.Contains(err.Error(), p.server.Fingerprint()) {
		t.Errorf("%v", err)
	}

	if told, ok := errors.AsType[*care.Error](err); !ok || !strings.Contains(told.Message, p.server.Fingerprint()) || told.Kind != care.Forbidden {
		t.Errorf("people are told %v", told)
	}

	found := j.Check(t.Context())
	if len(found) != 1 || found[0].Level != connector.Failing || !strings.Contains(found[0].Text, before) || !strings.Contains(found[0].Text, p.server.Fingerprint()) {
		t.Errorf("%+v", found)
	}

	if p.server.Logins() != 1 {
		t.Error("it logged in to a stranger")
	}

	p.journal.SFTP.HostKeys = append(p.journal.SFTP.HostKeys, p.server.Fingerprint()) // the operator has confirmed it

	if _, err := open(t, p.journal).Apply(t.Context(), planned(t, "b")); !connector.Is(err, connector.Pending) {
		t.Errorf("with the new key's fingerprint: %v", err)
	}
}

// TestWrongKind finds a server that has no key of the pinned kind.
func TestWrongKind(t *testing.T) {
	t.Parallel()

	p := remote(t)
	p.journal.SFTP.HostKeys = []string{
		"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=",
	}

	_, err := open(t, p.journal).Apply(t.Context(), planned(t, "a"))
	if !connector.Is(err, connector.Unauthorized) {
		t.Errorf("%v", err)
	}
}

// TestKeyLogin logs in with a private key, and tells of one that is refused.
func TestKeyLogin(t *testing.T) {
	t.Parallel()

	p := remote(t)
	block, signer := newKey(t)
	p.journal.SFTP.Password, p.journal.SFTP.PrivateKey = care.Secret{}, care.NewSecret(block)

	j := open(t, p.journal)
	if _, err := j.Apply(t.Context(), planned(t, "a")); !connector.Is(err, connector.Unauthorized) || strings.Contains(err.Error(), sftppeer.User) {
		t.Errorf("with an unknown key: %v", err)
	}

	if found := j.Check(t.Context()); len(found) != 1 || !strings.Contains(found[0].Text, "afviser brugeren") {
		t.Errorf("%+v", found)
	}

	p.server.Accept(signer.PublicKey())

	if _, err := j.Apply(t.Context(), planned(t, "a")); !connector.Is(err, connector.Pending) {
		t.Errorf("with a known key: %v", err)
	}
}

func newKey(t *testing.T) (string, ssh.Signer) {
	t.Helper()

	private, err := os.ReadFile("testdata/client.pem")
	if err != nil {
		t.Fatal(err)
	}

	if block, _ := pem.Decode(private); block == nil {
		t.Fatal("no PEM")
	}

	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}

	return string(private), signer
}

// TestNoPosixRename hands over to a server that can't move a file onto another one.
func TestNoPosixRename(t *testing.T) {
	t.Parallel()

	p := remote(t)
	p.server.Always(sftppeer.Fault{Op: sftppeer.Posix, How: sftppeer.Missing})

	j := open(t, p.journal)

	for range 2 { // the second time the mark is lost and both files are there
		if _, err := j.Apply(t.Context(), planned(t, "a")); !connector.Is(err, connector.Pending) {
			t.Fatalf("%v", err)
		}

		files, _ := filepath.Glob(filepath.Join(p.robot.Queue, "*.json"))
		if len(files) != 1 {
			t.Fatalf("queue %v", files)
		}
	}

	if left, _ := filepath.Glob(filepath.Join(p.robot.Sent, ".new", "*")); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// TestLostOnTheWay loses the connection in the middle of a file: whether the change arrived is unknown, the
// robot sees no half, and the next try hands it over once.
func TestLostOnTheWay(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		fault sftppeer.Fault
		kind  connector.Kind
	}{
		"half a file":    {sftppeer.Fault{Op: sftppeer.Write, How: sftppeer.Drop, After: true}, connector.Unknown},
		"before its end": {sftppeer.Fault{Op: sftppeer.Posix, How: sftppeer.Drop}, connector.Unknown},
		"after its end":  {sftppeer.Fault{Op: sftppeer.Posix, How: sftppeer.Drop, After: true}, connector.Unknown},
		"full":           {sftppeer.Fault{Op: sftppeer.Write, How: sftppeer.Full, After: true}, connector.Unavailable},
		"no right":       {sftppeer.Fault{Op: sftppeer.Create, How: sftppeer.Denied}, connector.Unauthorized},
		"said to fail":   {sftppeer.Fault{Op: sftppeer.Posix, How: sftppeer.Fail, After: true}, connector.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p := remote(t)
			j := open(t, p.journal)
			p.server.Once(test.fault)

			_, err := j.Apply(t.Context(), planned(t, "a"))
			if !connector.Is(err, test.kind) || strings.Contains(err.Error(), "Øst") || strings.Contains(err.Error(), "9996") {
				t.Errorf("%v", err)
			}

			half, _ := filepath.Glob(filepath.Join(p.robot.Queue, "*"))
			for _, path := range half {
				if data, _ := os.ReadFile(path); !strings.HasSuffix(string(data), "}\n") {
					t.Errorf("the robot sees half a file: %s", data)
				}
			}

			if _, err := open(t, p.journal).Apply(t.Context(), planned(t, "a")); !connector.Is(err, connector.Pending) {
				t.Errorf("again: %v", err)
			}

			if files, _ := filepath.Glob(filepath.Join(p.robot.Queue, "*")); len(files) != 1 {
				t.Errorf("queue %v", files)
			}
		})
	}
}

// TestSlowServer gives up a server that does not answer, at the latest with the caller.
func TestSlowServer(t *testing.T) {
	t.Parallel()

	p := remote(t)
	p.journal.SFTP.Timeout = 200 * time.Millisecond
	j := open(t, p.journal)

	p.server.Always(sftppeer.Fault{Op: sftppeer.Open, How: sftppeer.Hang})

	if _, err := j.Apply(t.Context(), planned(t, "a")); !connector.Is(err, connector.Unavailable) {
		t.Errorf("%v", err)
	}

	p.server.Heal()
	p.journal.SFTP.Timeout = time.Minute
	j = open(t, p.journal)

	_, _ = j.Apply(t.Context(), planned(t, "b"))

	ctx, cancel := context.WithCancel(t.Context())
	p.server.Always(sftppeer.Fault{Op: sftppeer.Open, How: sftppeer.Hang})

	var group sync.WaitGroup

	group.Go(func() {
		if _, err := j.Apply(ctx, planned(t, "b")); !connector.Is(err, connector.Unavailable) {
			t.Errorf("%v", err)
		}
	})

	cancel()
	group.Wait()
}

// TestDownForHours lets few calls through to a server that is away, and tells when to try again.
func TestDownForHours(t *testing.T) {
	t.Parallel()

	p := remote(t)

	now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }

	peer, err := outbound.NewPeer(outbound.PeerOptions{Role: connector.RecordRole, System: handover.System, Now: clock, Limit: 4})
	if err != nil {
		t.Fatal(err)
	}

	tries := 0

	j, err := handover.New(p.journal, handover.Options{
		Now: clock, Peer: peer, Observe: func(string, string, string, float64) { tries++ },
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(j.Close)
	p.server.Down()

	held := 0

	for range 720 { // an hour of five changes that wait and come again
		now = now.Add(5 * time.Second)

		for i := range 5 {
			_, err := j.Apply(t.Context(), planned(t, string(rune('a'+i))))
			failure, ok := errors.AsType[*connector.Error](err)

			if !ok || failure.Kind != connector.Unavailable {
				t.Fatalf("%v", err)
			}

			if failure.RetryAfter > 0 {
				held++
			}
		}
	}

	if through := tries - held; through > 80 {
		t.Errorf("%d of %d calls went through, %d were held", through, tries, held)
	}

	p.server.Up(t)

	now = now.Add(time.Hour)

	if _, err := j.Apply(t.Context(), planned(t, "a")); !connector.Is(err, connector.Pending) {
		t.Errorf("when it is back: %v", err)
	}
}

// TestConfigSFTP tells every problem at once.
func TestConfigSFTP(t *testing.T) {
	t.Parallel()

	c := handover.Config{Queue: "../queue", Receipts: "receipts/", Sent: "sent", SFTP: &handover.SFTP{Address: "sftp.example.dk", PrivateKey: care.NewSecret("no key"), HostKeys: []string{"SHA256:short"}}}
	c.SetDefaults()

	var told []string
	for _, err := range c.Validate() {
		told = append(told, strings.SplitN(err.Error(), ":", 2)[0])
	}

	if want := []string{"queue", "receipts", "sftp.address", "sftp.user", "sftp.private_key", "sftp.host_keys"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
