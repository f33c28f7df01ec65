package web

import (
	"embed"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/assets"
	"github.com/sluse/sluse/internal/web/hooks"
	"github.com/sluse/sluse/internal/web/join"
	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/internal/web/ui"
	"github.com/sluse/sluse/scheduler/care"
)

//go:embed templates
var templates embed.FS

// pageSet are the parsed templates. A set takes more than a megabyte, so it is shared.
//
//nolint:gochecknoglobals // read once from embedded files, never changed, the same for every municipality
var pageSet = sync.OnceValues(func() (*page.Set, error) { return page.Parse(templates, nil) })

// mount is one municipality's part of the handler.
type mount struct {
	shared

	site    Site
	cookies cookies
	pages   *page.Set
	routes  []route.Route
	engine  *gin.Engine
	limits  *limits
}

func newMount(s Site, common shared, proxies []string) (*mount, error) {
	pages, err := pageSet()
	if err != nil {
		return nil, err
	}

	m := &mount{shared: common, site: s, cookies: cookies{secure: s.secure()}, pages: pages}
	m.log = common.log.With(slog.String("municipality", string(s.Municipality)))

	if m.routes, err = m.allRoutes(); err != nil {
		return nil, err
	}

	m.engine = gin.New()
	if err := m.engine.SetTrustedProxies(proxies); err != nil {
		return nil, fmt.Errorf("web: trusted proxies: %w", err)
	}

	if m.limits, err = newLimits(s.Limits, common.refused, s.Municipality); err != nil {
		return nil, err
	}

	m.wire()

	return m, nil
}

// allRoutes is the whole table of a site.
func (m *mount) allRoutes() ([]route.Route, error) {
	shown := page.Site{Name: m.site.Name, Phone: m.site.Phone, Emergency: m.site.Emergency}

	staff, err := ui.New(ui.Options{UseCases: m.site.UseCases, Logins: logins{store: m.site.Sessions, rules: m.site.SessionRules, audit: m.site.Audit, now: m.now}, Emergency: m.site.staffEmergency(), Directory: m.site.People, Site: shown, Now: m.now, Stop: m.stop})
	if err != nil {
		return nil, fmt.Errorf("web: staff pages: %w", err)
	}

	citizen, err := join.New(join.Options{
		UseCases: m.site.UseCases, Site: shown, Now: m.now, Stop: m.stop, Secure: m.site.secure(),
		Person: m.site.Person, PersonKey: m.site.PersonKey, Log: m.log,
	})
	if err != nil {
		return nil, fmt.Errorf("web: citizen pages: %w", err)
	}

	received, err := hooks.Routes(m.site.Municipality, m.site.Hooks)
	if err != nil {
		return nil, err
	}

	own := []route.Route{
		{Method: http.MethodGet, Path: assets.Prefix + "*file", Access: route.Public(), Handle: m.asset, Limit: route.Limit{Class: route.Free}},
		{Method: http.MethodGet, Path: "/was", Access: route.Public(), Handle: m.was},
		{Method: http.MethodGet, Path: "/robots.txt", Access: route.Public(), Handle: robots},
		{Method: http.MethodGet, Path: "/favicon.ico", Access: route.Public(), Handle: favicon},
	}

	machines := route.In(route.Machine, append(received, hooks.HintRoutes(m.site.Municipality, m.site.Hints)...))

	return slices.Concat(own, route.In(route.Login, m.loginRoutes()), m.emergencyRoutes(), staff.Routes(), citizen.Routes(), route.In(route.API, m.site.API), m.site.SCIM, machines), nil
}

// wire builds the engine. The order of the middleware is the one that the package comment tells.
func (m *mount) wire() {
	var exempt []string

	for _, r := range m.routes {
		if r.CrossSite {
			exempt = append(exempt, r.Method+" "+r.Path)
		}
	}

	protection := crossOrigin(exempt)

	e := m.engine
	e.HandleMethodNotAllowed, e.RedirectTrailingSlash, e.RedirectFixedPath = true, false, false
	e.Use(identify, m.accessLog, m.recovery, m.headers(), func(c *gin.Context) {
		if err := checkOrigin(protection, c.Request); err != nil {
			m.fail(c, &care.Error{Kind: care.Forbidden, Message: "Forespørgslen kom fra et andet websted og blev afvist.", Err: err})
		}
	})
	e.NoRoute(func(c *gin.Context) { m.fail(c, care.NewError(care.NotFound, "Siden findes ikke. Tjek adressen.")) })
	e.NoMethod(m.noMethod)

	for _, r := range m.routes {
		e.Handle(r.Method, r.Path, m.handle(r))

		if r.Method == http.MethodGet && !r.Stream {
			e.Handle(http.MethodHead, r.Path, m.handle(r))
		}
	}
}

// noMethod answers a known path that does not take the method. A person has mistyped an address;
// a machine is told what it did wrong.
func (m *mount) noMethod(c *gin.Context) {
	if strings.HasPrefix(c.Request.URL.Path, hooks.Prefix) {
		err := care.NewError(care.Invalid, "Adressen tager kun imod POST.")
		m.logFailure(c, care.Invalid, err)
		c.Header("Allow", http.MethodPost)
		m.failJSON(c, http.StatusMethodNotAllowed, care.Invalid, err)

		return
	}

	m.fail(c, care.NewError(care.NotFound, "Siden findes ikke. Tjek adressen."))
}

// handle is what stands before every feature's handler.
func (m *mount) handle(r route.Route) gin.HandlerFunc {
	limit := r.Body
	if limit == 0 {
		limit = defaultBody
	}

	return func(c *gin.Context) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)

		if err := m.admit(c, r); err != nil {
			m.fail(c, err)
		}
	}
}

// admit counts the call, asks whether the caller may make it, and has the feature answer.
func (m *mount) admit(c *gin.Context, r route.Route) error {
	if err := m.limits.strangers(c, r); err != nil {
		return m.busy(c, r, err)
	}

	if err := m.guard(c, r); err != nil {
		return err
	}

	if err := m.limits.employee(c, r); err != nil {
		return m.busy(c, r, err)
	}

	defer m.limits.settle(c)

	return r.Handle(c)
}

// busy answers a call over a limit.
func (m *mount) busy(c *gin.Context, r route.Route, err error) error {
	if r.Limit.Busy == nil {
		return err
	}

	return r.Limit.Busy(c)
}

func (m *mount) asset(c *gin.Context) error {
	if !assets.Serve(c.Writer, c.Param("file")) {
		return care.NewError(care.NotFound, "Filen findes ikke.")
	}

	return nil
}

// was leads to the accessibility statement, which the WAS tool keeps per domain.
func (m *mount) was(c *gin.Context) error {
	u, err := url.Parse(m.site.PublicURL)
	if err != nil {
		return fmt.Errorf("public address: %w", err)
	}

	c.Redirect(http.StatusFound, "https://was.digst.dk/"+u.Hostname())

	return nil
}

func robots(c *gin.Context) error {
	c.String(http.StatusOK, "User-agent: *\nDisallow: /\n")

	return nil
}

func favicon(c *gin.Context) error {
	c.Redirect(http.StatusFound, assets.URL("img/sluse.svg"))

	return nil
}
