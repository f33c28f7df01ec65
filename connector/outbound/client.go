package outbound

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/google/uuid"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// RequestIDHeader carries the correlation id of every request.
const RequestIDHeader = "X-Request-Id"

// Defaults of Options.
const (
	DefaultConnectTimeout = 5 * time.Second
	DefaultTimeout        = 30 * time.Second
	DefaultMaxBody        = 4 << 20 // bytes
)

// idlePerHost keeps as many connections warm as a conversion has calls in flight.
const idlePerHost = 64

// Observe is told of every HTTP exchange: outcome is "ok" or the name of a connector.Kind.
type Observe func(system, op, outcome string, seconds float64)

// Authorizer gives the value of the Authorization header.
type Authorizer interface {
	// Authorize returns the value to send, for example "Bearer …". Errors are *connector.Error;
	// the call itself is then not made.
	Authorize(ctx context.Context) (care.Secret, error)
	// Refused tells that the peer answered 401 to value. It reports whether a new value may
	// help, so that the call is worth making once more.
	Refused(value care.Secret) bool
}

// Options configure a Client. System, BaseURL and Now are required.
type Options struct {
	System         string // the name in errors and metrics: "vdx", "fhir", "sms"
	BaseURL        string // absolute; plain http only to loopback unless AllowPlain
	AllowPlain     bool   // plain http to another host, for a proxy on a private network
	Now            func() time.Time
	ConnectTimeout time.Duration     // TCP and TLS each; DefaultConnectTimeout when 0
	Timeout        time.Duration     // the whole call, body included; DefaultTimeout when 0
	MaxBody        int               // bytes of an answer; DefaultMaxBody when 0
	Peer           *Peer             // what all clients of the system share; nil: no rules
	TLS            *tls.Config       // roots and client certificates; nil: the system's roots
	Auth           Authorizer        // nil: none
	Header         map[string]string // sent with every request; values are never logged
	Observe        Observe           // nil: nobody listens
	Log            *slog.Logger      // one debug line per exchange, without URL; nil: none
}

// Client calls one outside system. It is safe for concurrent use.
type Client struct {
	rest    *resty.Client
	options Options
	base    *url.URL
	peer    *Peer
}

// Call is one request.
type Call struct {
	Op     string     // the operation, lower snake case: "book"
	Method string     // an HTTP method
	Path   []string   // segments below BaseURL, escaped one by one; an empty one is refused
	Slash  bool       // the path ends in a slash, as Pexip Infinity demands it
	Query  url.Values // never logged
	Header http.Header
	JSON   any    // marshalled into the body unless Body is set
	Body   []byte // the body as it is
	Type   string // content type of the body; "application/json" when empty
	Accept string // "application/json" when empty
	Safe   bool   // a POST that changes nothing: a search, a token request
}

// safe reports whether the call has no effect at the peer.
func (c *Call) safe() bool {
	return c.Safe || c.Method == http.MethodGet || c.Method == http.MethodHead
}

// New checks the options, all at once, and returns a Client.
func New(options Options) (*Client, error) {
	base, err := options.check()
	if err != nil {
		return nil, err
	}

	options.setDefaults()

	rest := resty.NewWithClient(&http.Client{Transport: newTransport(&options)}).
		SetTimeout(options.Timeout).
		SetRetryCount(0).
		SetResponseBodyLimit(options.MaxBody).
		SetRedirectPolicy(resty.RedirectPolicyFunc(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })).
		SetLogger(silent{}).
		SetHeader("User-Agent", "sluse")

	peer := options.Peer
	if peer == nil {
		peer = newPeer(PeerOptions{System: options.System, Now: options.Now})
	}

	return &Client{rest: rest, options: options, base: base, peer: peer}, nil
}

func (o *Options) check() (*url.URL, error) {
	var problems []error

	if o.System == "" || o.Now == nil {
		problems = append(problems, errors.New("outbound: System and Now are required"))
	}

	base, err := url.Parse(o.BaseURL)

	switch {
	case err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http"):
		problems = append(problems, fmt.Errorf("outbound: the base URL of %s is not an absolute http(s) address", o.System))
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		problems = append(problems, fmt.Errorf("outbound: the base URL of %s holds credentials, a query or a fragment", o.System))
	case base.Scheme == "http" && !o.AllowPlain && !isLoopback(base.Hostname()):
		problems = append(problems, fmt.Errorf("outbound: the base URL of %s must be https", o.System))
	}

	return base, errors.Join(problems...)
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)

	return host == "localhost" || (err == nil && ip.IsLoopback())
}

func (o *Options) setDefaults() {
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = DefaultConnectTimeout
	}

	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}

	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}

	if o.Observe == nil {
		o.Observe = func(string, string, string, float64) {}
	}

	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

func newTransport(o *Options) *http.Transport {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		secure = o.TLS.Clone()
		secure.MinVersion = max(secure.MinVersion, tls.VersionTLS12)
	}

	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: o.ConnectTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     secure,
		TLSHandshakeTimeout: o.ConnectTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: idlePerHost,
		IdleConnTimeout:     90 * time.Second,
	}
}

// Close drops idle connections.
func (c *Client) Close() { c.rest.GetClient().CloseIdleConnections() }

// Do makes the call. An answer of any status is an Answer; everything else is a
// *connector.Error: what happened below HTTP, refused credentials of ours (from the
// Authorizer), or a call that can't be built (Rejected).
func (c *Client) Do(ctx context.Context, call Call) (*Answer, error) {
	answer, used, err := c.exchange(ctx, &call)
	if !used.IsZero() && wasRefused(answer, err) && c.options.Auth.Refused(used) {
		answer, _, err = c.exchange(ctx, &call)
	}

	switch {
	case wasRefused(answer, err) || connector.Is(err, connector.Unauthorized):
		c.peer.refused(call.Op, err)
	case answer != nil:
		c.peer.accepted()
	}

	return answer, err
}

// wasRefused reports whether the peer said 401, readable body or not.
func wasRefused(answer *Answer, err error) bool {
	if e, ok := errors.AsType[*connector.Error](err); ok {
		return e.Status == http.StatusUnauthorized
	}

	return answer != nil && answer.Status == http.StatusUnauthorized
}

// exchange makes one HTTP exchange and returns the Authorization value that it used.
func (c *Client) exchange(ctx context.Context, call *Call) (*Answer, care.Secret, error) {
	id := uuid.NewString()
	fail := func(kind connector.Kind, cause error) *connector.Error {
		return &connector.Error{System: c.options.System, Op: call.Op, Kind: kind, RequestID: id, Err: cause}
	}

	request, target, err := c.build(call, id)
	if err != nil {
		return nil, care.Secret{}, fail(connector.Rejected, err)
	}

	var used care.Secret

	// Before there is a turn: what the Authorizer asks a token endpoint needs a turn of its own.
	if c.options.Auth != nil {
		if used, err = c.options.Auth.Authorize(ctx); err != nil {
			return nil, care.Secret{}, err
		}

		request.SetHeader("Authorization", used.Reveal())
	}

	if err := c.peer.enter(ctx); err != nil {
		held := c.peer.held(call.Op, err)
		held.RequestID = id

		return nil, care.Secret{}, held
	}

	progress, took := &progress{}, stopwatch()
	response, err := request.SetContext(progress.watch(ctx)).Execute(call.Method, target)
	answer, failure := c.judge(call, id, response, err, progress)
	spent := took()

	c.peer.leave(c.outcome(ctx, call, answer, failure, spent))
	c.report(ctx, call.Op, id, answer, failure, spent)

	if failure != nil {
		return nil, used, failure
	}

	return answer, used, nil
}

// outcome is what the peer's rules make of an exchange.
func (c *Client) outcome(ctx context.Context, call *Call, answer *Answer, failure *connector.Error, took time.Duration) outcome {
	switch {
	case failure != nil:
		return outcomeOf(ctx, call.Op, failure, took)
	case answer.OK():
		return outcome{op: call.Op, took: took}
	default:
		return outcomeOf(ctx, call.Op, answer.Fail(""), took)
	}
}

// build makes the request and its address.
func (c *Client) build(call *Call, id string) (request *resty.Request, target string, err error) {
	target, err = c.target(call)
	if err != nil {
		return nil, "", err
	}

	request = c.rest.R().SetHeaders(c.options.Header).SetHeader("Accept", orDefault(call.Accept, "application/json"))
	for name, values := range call.Header {
		for _, v := range values {
			request.Header.Add(name, v)
		}
	}

	request.Header.Del("Origin") // VDX answers 403 to it (vdx.md §1.1)
	request.SetHeader(RequestIDHeader, id)

	body := call.Body
	if body == nil && call.JSON != nil {
		if body, err = json.Marshal(call.JSON); err != nil {
			return nil, "", fmt.Errorf("marshal the body: %w", err)
		}
	}

	if body != nil {
		request.SetBody(body).SetHeader("Content-Type", orDefault(call.Type, "application/json"))
	}

	return request, target, nil
}

func (c *Client) target(call *Call) (string, error) {
	u := *c.base

	if len(call.Path) > 0 {
		escaped := make([]string, 0, len(call.Path))

		for _, segment := range call.Path {
			if segment == "" || segment == "." || segment == ".." {
				return "", errors.New("an empty or dotted path segment")
			}

			escaped = append(escaped, url.PathEscape(segment))
		}

		u = *u.JoinPath(strings.Join(escaped, "/"))
	}

	if call.Slash && !strings.HasSuffix(u.Path, "/") {
		u = *u.JoinPath("/")
	}

	u.RawQuery = call.Query.Encode()

	return u.String(), nil
}

// report tells metrics and log about one exchange.
func (c *Client) report(ctx context.Context, op, id string, answer *Answer, failure *connector.Error, took time.Duration) {
	var (
		outcome = "ok"
		status  int
	)

	switch {
	case failure != nil:
		outcome, status = failure.Kind.String(), failure.Status
	case answer.OK():
		status = answer.Status
	default:
		outcome, status = StatusKind(answer.Status, answer.safe).String(), answer.Status
	}

	c.options.Observe(c.options.System, op, outcome, took.Seconds())
	c.options.Log.LogAttrs(ctx, slog.LevelDebug, "outbound call",
		slog.String("system", c.options.System), slog.String("op", op), slog.String("outcome", outcome),
		slog.Int("status", status), slog.String("request_id", id), slog.Duration("took", took))
}

func orDefault(s, fallback string) string {
	if s == "" {
		return fallback
	}

	return s
}

// silent drops resty's own log lines: they hold URLs.
type silent struct{}

// Errorf drops the line.
func (silent) Errorf(string, ...any) {}

// Warnf drops the line.
func (silent) Warnf(string, ...any) {}

// Debugf drops the line.
func (silent) Debugf(string, ...any) {}
