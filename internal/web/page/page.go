// Package page renders what people see: one layout, components as templates, and one way to
// write times, dates and numbers in Danish.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/assets"
	"github.com/sluse/sluse/scheduler/care"
)

//go:embed templates
var layout embed.FS

// Site is what every page of one municipality shows.
type Site struct {
	Name      string // "Testby Kommune"
	Phone     string // the number a citizen may call; may be empty
	Emergency string // shown beside 112; may be empty
}

// Link is an entry of a menu.
type Link struct {
	Text    string
	URL     string
	Icon    string
	Current bool
	Count   int    // shown as a badge when not 0
	Counts  string // what Count counts, read aloud after it
}

// Frame is what the layout needs around a page's own Body.
type Frame struct {
	Title  string // without names or anything about a visit on citizen pages (K27)
	Lang   Lang
	Site   Site
	Actor  care.Actor
	Menu   []Link
	Langs  []Link // language switcher; empty: none
	Notice string // told once after an action, from a fixed list
	Alarm  string // told loudly above every page while it holds; empty: nothing
	// Refresh is after how many seconds the page loads itself again; 0: never. Only
	// without JavaScript; with it the page is told by server-sent events.
	Refresh int
	Wide    bool // no maximum width: the planner's day
	Citizen bool // large text
	Body    any
}

// Set is the parsed templates of one feature.
type Set struct{ pages map[string]*template.Template }

// Parse reads a feature's templates: every file in templates/ is a page that defines "main";
// files whose name begins with an underscore define components for all of them.
func Parse(fsys fs.FS, extra template.FuncMap) (*Set, error) {
	base, err := template.New("base").Funcs(funcs()).Funcs(extra).ParseFS(layout, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}

	names, err := fs.Glob(fsys, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}

	var pages []string

	for _, name := range names {
		if !strings.HasPrefix(path.Base(name), "_") {
			pages = append(pages, name)
		} else if base, err = base.ParseFS(fsys, name); err != nil {
			return nil, fmt.Errorf("component: %w", err)
		}
	}

	set := &Set{pages: map[string]*template.Template{}}

	for _, name := range pages {
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(fsys, name)
		}

		if err != nil {
			return nil, fmt.Errorf("page: %w", err)
		}

		set.pages[strings.TrimSuffix(path.Base(name), ".html")] = t
	}

	return set, nil
}

// Show writes a whole page.
func (s *Set) Show(c *gin.Context, status int, name string, f Frame) error {
	return s.write(c, status, name, "layout", f)
}

// Part writes one template of a page without the layout, for htmx.
func (s *Set) Part(c *gin.Context, name, part string, data any) error {
	return s.write(c, http.StatusOK, name, part, data)
}

func (s *Set) write(c *gin.Context, status int, name, part string, data any) error {
	t, ok := s.pages[name]
	if !ok {
		return fmt.Errorf("page: no template %q", name)
	}

	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, part, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}

	c.Data(status, "text/html; charset=utf-8", b.Bytes())

	return nil
}

func funcs() template.FuncMap {
	return template.FuncMap{
		"asset": assets.URL, "icon": assets.Icon,
		"clock": Clock, "at": At, "span": Span, "date": Date, "dateOf": DateOf, "weekdayOf": WeekdayOf,
		"stamp": Stamp, "lasts": Lasts, "minutes": Minutes, "count": Count, "number": Number, "percent": Percent,
		"tel": Tel, "pair": pair, "lower": strings.ToLower,
	}
}

// Tel returns the digits of a telephone number for a tel: link, a Danish one with +45 in front.
func Tel(number string) template.URL {
	digits := strings.Map(func(r rune) rune {
		if (r >= '0' && r <= '9') || r == '+' {
			return r
		}

		return -1
	}, number)

	if len(digits) == 8 {
		digits = "+45" + digits
	}

	return template.URL("tel:" + digits) //nolint:gosec // G203: digits and plus signs only
}

// pair hands two values to a component.
func pair(a, b any) map[string]any { return map[string]any{"A": a, "B": b} }
