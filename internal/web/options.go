package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluse/sluse/internal/web/hooks"
	"github.com/sluse/sluse/internal/web/join"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/internal/web/ui"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Options are what a Handler is made of.
type Options struct {
	Sites  []Site
	Logger *slog.Logger
	Clock  func() time.Time
	// Ready reports whether the process can serve: databases answer, schema fits. Nil: always.
	Ready func(ctx context.Context) error
	// Registry takes the request metrics; nil: none are kept.
	Registry prometheus.Registerer
	// Metrics answers /metrics; nil: 404. It is asked only from MetricsFrom.
	Metrics http.Handler
	// MetricsFrom are the networks that may read /metrics directly, not through a proxy.
	// Default: loopback.
	MetricsFrom []netip.Prefix
	// TrustedProxies are addresses or networks whose X-Forwarded-For is believed. Empty: none.
	TrustedProxies []string
}

// UseCases are what the pages call; *scheduler.Service satisfies it.
type UseCases interface {
	ui.UseCases
	join.UseCases
	// StaffLoginDown reports whether employees can't log in, as far as anybody knows.
	StaffLoginDown(ctx context.Context) (bool, error)
}

// LoginProvider logs employees in; *saml.Provider satisfies it. Errors are *saml.Error.
type LoginProvider interface {
	Login(ctx context.Context, browserHandle string, wanted saml.LoginRequest) (saml.Outgoing, error)
	Callback(r *http.Request, browserHandle string) (who saml.Principal, returnTo string, err error)
	Logout(ctx context.Context, browserHandle string, who saml.Principal, returnTo string) (saml.Outgoing, error)
	HandleLogout(r *http.Request, browserHandle string) (saml.LogoutMessage, error)
	Metadata() ([]byte, error)
}

// Site is one municipality.
type Site struct {
	Municipality care.MunicipalityID
	// Hosts are the names, with port unless it is the scheme's own, that people type.
	Hosts []string
	// PublicURL is "https://skaerm.testby.dk" or, on loopback only, "http://127.0.0.1:8080".
	// Over http cookies lose Secure and the __Host- prefix.
	PublicURL string
	Name      string // "Testby Kommune"
	Phone     string // the number a citizen may call
	Emergency string // shown beside 112; may be empty
	// FormTargets are the origins that a form's redirect may lead to: the rooms' web pages and
	// the identity provider, "https://video.example.dk". Browsers count redirects as part of
	// a form's action. Empty: any https address, and loopback on an http site.
	FormTargets []string

	UseCases UseCases
	Sessions SessionStore
	Login    LoginProvider
	// Person is the service provider towards NemLog-in for citizens, and PersonKey its key among the
	// providers; nil: there is none.
	Person    join.PersonLogin
	PersonKey string
	// Grants maps the groups that the identity provider sends to roles; asked on every request,
	// so that a change applies at once.
	Grants func(groups []string) []care.Grant
	// People are the pages of employees and units; nil: there are none.
	People ui.Directory
	// Directory adds what the municipality's own directory says, and who has left; nil: it has none.
	Directory    Directory
	SessionRules SessionRules
	// EmergencyAccess lets employees in while the identity provider is down; nil: nobody.
	EmergencyAccess Emergency
	// Audit appends rows that tell what was done with logins.
	Audit func(ctx context.Context, rows []scheduler.AuditRow) error
	// Limits are the budgets of classes of routes; a class that is missing has the default.
	Limits map[route.Class]Budget
	// API are the routes of the REST API; their paths begin with /api/. Errors of such paths
	// are problem documents.
	API []route.Route
	// SCIM are the routes by which the municipality's own directory tells who works there.
	SCIM []route.Route
	// Hooks take what outside systems send for this municipality.
	Hooks []hooks.Hook
	// Hints are the same for systems that can't prove who they are.
	Hints []hooks.Hint
}

func (s Site) secure() bool { return s.scheme() == "https" }

func (s Site) scheme() string {
	u, err := url.Parse(s.PublicURL)
	if err != nil {
		return ""
	}

	return u.Scheme
}

func (s Site) check() error {
	var problems []error

	need := func(ok bool, what string) {
		if !ok {
			problems = append(problems, fmt.Errorf("web: site %q: %s", s.Municipality, what))
		}
	}

	u, err := url.Parse(s.PublicURL)
	need(err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http"), "PublicURL is no http(s) address")
	need(err != nil || u.Scheme != "http" || loopback(u.Hostname()), "http is allowed on loopback only")
	need(s.Municipality != "", "no municipality")
	need(len(s.Hosts) > 0, "no host name")
	need(s.UseCases != nil && s.Sessions != nil && s.Login != nil && s.Grants != nil && s.Audit != nil, "use cases, sessions, login, grants or audit are missing")

	return errors.Join(problems...)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}

	a, err := netip.ParseAddr(host)

	return err == nil && a.IsLoopback()
}
