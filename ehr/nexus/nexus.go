package nexus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// System is the name of this record system in errors, in metrics and in care.SourceRef.
const System = "nexus"

const (
	// How long the home resource is believed: rights change seldom.
	homeLife = 5 * time.Minute
	// The longest answer. A planning calendar of a large list has thousands of members per visit.
	maxAnswer = 64 << 20 // bytes
)

// Options are what a Nexus needs besides its Config. Now is required.
type Options struct {
	Now     func() time.Time
	TLS     *tls.Config      // roots and client certificate; nil: the system's roots
	Observe outbound.Observe // nil: nobody listens
	Log     *slog.Logger     // nil: none
	Peer    *outbound.Peer   // what all clients of the record share; nil: no rules
}

// Nexus is one municipality's KMD Nexus. It is safe for concurrent use and keeps nothing of any
// citizen between calls: several processes may write into one record.
type Nexus struct {
	config    Config
	base      *url.URL
	client    *outbound.Client
	calendars *outbound.Client // the same with the long limit of calendar calls
	now       func() time.Time

	mutex  sync.Mutex
	home   object
	homeAt time.Time

	laws     laws
	citizens turns // one write at a time to the interventions of a citizen
}

var (
	_ ehr.Journal       = (*Nexus)(nil)
	_ ehr.ListSource    = (*Nexus)(nil)
	_ connector.Checker = (*Nexus)(nil)
)

// New returns a Nexus. The config must have its defaults; every problem of it is reported at once.
func New(config Config, options Options) (*Nexus, error) {
	if err := errors.Join(config.Validate()...); err != nil {
		return nil, err
	}

	base, err := url.Parse(strings.TrimRight(config.APIURL, "/"))
	if err != nil {
		return nil, fmt.Errorf("api_url: %w", err)
	}

	common := outbound.Options{
		System: System, AllowPlain: config.AllowPlain, Now: options.Now, ConnectTimeout: config.ConnectTimeout, Timeout: config.Timeout,
		MaxBody: maxAnswer, TLS: options.TLS, Observe: options.Observe, Log: options.Log, Peer: options.Peer,
	}

	endpoint := common
	endpoint.BaseURL = strings.TrimRight(config.IAMURL, "/") + "/" + config.AuthPath + "/realms/" + config.Instance + "/protocol/openid-connect/token"

	tokens, err := outbound.NewTokens(endpoint, outbound.Credentials{ClientID: config.ClientID, Secret: config.ClientSecret, InBody: config.SecretInBody})
	if err != nil {
		return nil, err
	}

	common.BaseURL, common.Auth = base.String(), tokens

	client, err := outbound.New(common)
	if err != nil {
		return nil, err
	}

	common.Timeout = config.CalendarTimeout

	calendars, err := outbound.New(common)
	if err != nil {
		return nil, err
	}

	return &Nexus{config: config, base: base, client: client, calendars: calendars, now: options.Now}, nil
}

// Close drops idle connections.
func (n *Nexus) Close() {
	n.client.Close()
	n.calendars.Close()
}

// root is the home resource's address (eoj.md §1.1).
func (n *Nexus) root() address {
	return address{path: []string{"api", "core", "mobile", n.config.Instance, "v2"}, slash: true}
}

// start returns the home resource, from which everything is reached.
func (n *Nexus) start(ctx context.Context) (object, error) {
	n.mutex.Lock()
	home, at := n.home, n.homeAt
	n.mutex.Unlock()

	if home != nil && n.now().Sub(at) < homeLife {
		return home, nil
	}

	home, err := n.get(ctx, "home", n.root())
	if err != nil {
		return nil, err
	}

	n.mutex.Lock()
	n.home, n.homeAt = home, n.now()
	n.mutex.Unlock()

	return home, nil
}

// ask makes a call that changes nothing and returns a 2xx answer.
func (n *Nexus) ask(ctx context.Context, client *outbound.Client, call outbound.Call) (*outbound.Answer, error) {
	answer, err := client.Do(ctx, call)
	if err != nil {
		return nil, err
	}

	if !answer.OK() {
		return nil, refusal(answer)
	}

	return answer, nil
}

// get reads one object.
func (n *Nexus) get(ctx context.Context, op string, from address) (object, error) {
	answer, err := n.ask(ctx, n.client, from.call(op, http.MethodGet))
	if err != nil {
		return nil, err
	}

	return oneOf(answer)
}

// oneOf reads an answer that is an object.
func oneOf(answer *outbound.Answer) (object, error) {
	var o object
	if err := answer.JSON(&o); err != nil {
		return nil, err
	}

	if o == nil {
		return nil, answer.Broken("the answer is no object")
	}

	return o, nil
}

// maxPages bounds how many pages of a list are read.
const maxPages = 500

// pageRels are behind what rel a list's pages stand; it differs per list (eoj.md §1.9).
func pageRels() []string {
	return []string{"content", "patientData", "orderGrants", "basketGrants", "self"}
}

// all reads a list: an array, or an object with pages that are read one by one.
func (n *Nexus) all(ctx context.Context, op string, from address) ([]object, error) {
	answer, err := n.ask(ctx, n.client, from.call(op, http.MethodGet))
	if err != nil {
		return nil, err
	}

	if items, err := decodeObjects(answer.Body); err == nil {
		return items, nil
	}

	outer, err := oneOf(answer)
	if err != nil {
		return nil, err
	}

	pages := outer.list("pages")
	if _, ok := outer["pages"]; !ok || len(pages) > maxPages {
		return nil, answer.Broken("the answer is no list, or one with too many pages")
	}

	var items []object

	for _, page := range pages {
		more, err := n.page(ctx, op, page)
		if err != nil {
			return nil, err
		}

		items = append(items, more...)
	}

	return items, nil
}

// page reads one page of a list.
func (n *Nexus) page(ctx context.Context, op string, page object) ([]object, error) {
	for _, rel := range pageRels() {
		if !page.has(rel) {
			continue
		}

		at, err := n.resolve(op, page.href(rel))
		if err != nil {
			return nil, err
		}

		answer, err := n.ask(ctx, n.client, at.call(op, http.MethodGet))
		if err != nil {
			return nil, err
		}

		var items []object
		if err := answer.JSON(&items); err != nil {
			return nil, err
		}

		return items, nil
	}

	return nil, fail(op, connector.Malformed, errors.New("a page of the list leads nowhere"))
}

// followOne reads the object behind a rel.
func (n *Nexus) followOne(ctx context.Context, op string, from object, rel, what string) (object, error) {
	at, err := n.follow(op, from, rel, what)
	if err != nil {
		return nil, err
	}

	return n.get(ctx, op, at)
}

// followAll reads the list behind a rel.
func (n *Nexus) followAll(ctx context.Context, op string, from object, rel, what string) ([]object, error) {
	at, err := n.follow(op, from, rel, what)
	if err != nil {
		return nil, err
	}

	return n.all(ctx, op, at)
}

// whole reads the object that a reference or a half object stands for (eoj.md §1.2).
func (n *Nexus) whole(ctx context.Context, op string, half object, what string) (object, error) {
	if half.has("referencedObject") {
		return n.followOne(ctx, op, half, "referencedObject", what)
	}

	return n.followOne(ctx, op, half, "self", what)
}

// write makes a call with an effect and returns what the record answered; an empty answer is an
// empty object. Unknown: the caller looks before anything is repeated.
func (n *Nexus) write(ctx context.Context, op, method string, to address, body []byte, header http.Header) (object, error) {
	call := to.call(op, method)
	call.Body, call.Header = body, header

	answer, err := n.client.Do(ctx, call)
	if err != nil {
		return nil, err
	}

	if !answer.OK() {
		return nil, refusal(answer)
	}

	if len(strings.TrimSpace(string(answer.Body))) == 0 {
		return object{}, nil
	}

	return oneOf(answer)
}

// utc writes an instant as Nexus does (eoj.md §1.10).
func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// turns lets one at a time in for a key. The zero value is ready.
type turns struct {
	mutex sync.Mutex
	taken map[string]chan struct{}
}

// enter waits for the key's turn and returns what ends it. Errors are Unavailable: ctx ended.
func (t *turns) enter(ctx context.Context, key string) (leave func(), err error) {
	for {
		t.mutex.Lock()

		done, busy := t.taken[key]
		if !busy {
			if t.taken == nil {
				t.taken = make(map[string]chan struct{})
			}

			mine := make(chan struct{})
			t.taken[key] = mine
			t.mutex.Unlock()

			return func() {
				t.mutex.Lock()
				delete(t.taken, key)
				t.mutex.Unlock()
				close(mine)
			}, nil
		}

		t.mutex.Unlock()

		select {
		case <-done:
		case <-ctx.Done():
			return nil, fail("wait", connector.Unavailable, ctx.Err())
		}
	}
}

// day is a local day as Nexus writes dates.
func day(t time.Time) string { return string(care.DayOf(t)) }
