package scim

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// Prefix is where the server stands, on each host of a municipality.
const Prefix = "/scim/v2"

// maxBody is the largest request: a group of ten thousand members.
const maxBody = 2 << 20

// UseCases are what the server calls; *directory.Service satisfies it. Errors are *care.Error.
type UseCases interface {
	People(ctx context.Context, q directory.Query) ([]care.Employee, error)
	Person(ctx context.Context, id care.EmployeeID) (care.Employee, error)
	AddPerson(ctx context.Context, id care.EmployeeID, p directory.Person) (care.Employee, error)
	ChangePerson(ctx context.Context, id care.EmployeeID, version int, change func(*directory.Person) error) (care.Employee, error)
	RemovePerson(ctx context.Context, id care.EmployeeID, version int) error
	Groups(ctx context.Context) ([]directory.Group, error)
	Group(ctx context.Context, id string) (directory.Group, error)
	AddGroup(ctx context.Context, g directory.Group) (directory.Group, error)
	ChangeGroup(ctx context.Context, id string, version int, change func(*directory.Group) error) (directory.Group, error)
	RemoveGroup(ctx context.Context, id string, version int) error
}

// Options are what a Server is made of.
type Options struct {
	UseCases  UseCases
	PublicURL string // "https://skaerm.testby.dk"
	Token     care.Secret
	Key       directory.Key
	Log       *slog.Logger
}

// idOf reads the employee's id out of a User.
func idOf(u user, key directory.Key) care.EmployeeID {
	switch key {
	case directory.KeyLocalPart:
		local, _, _ := strings.Cut(u.UserName, "@")

		return care.EmployeeID(local)
	case directory.KeyExternalID:
		return care.EmployeeID(u.ExternalID)
	case directory.KeyEmployeeNumber:
		return care.EmployeeID(u.Enterprise.EmployeeNumber)
	case directory.KeyUserName:
	}

	return care.EmployeeID(u.UserName)
}

// Server is the SCIM server of one municipality.
type Server struct {
	use   UseCases
	base  string
	token [sha256.Size]byte
	key   directory.Key
	log   *slog.Logger
}

// New makes a Server. A token that could be guessed is refused.
func New(o Options) (*Server, error) {
	if o.UseCases == nil || o.Log == nil {
		return nil, errors.New("scim: a part is missing")
	}

	if len(o.Token.Reveal()) < directory.LeastToken {
		return nil, fmt.Errorf("scim: the token has less than %d characters", directory.LeastToken)
	}

	return &Server{use: o.UseCases, base: strings.TrimSuffix(o.PublicURL, "/") + Prefix, token: sha256.Sum256([]byte(o.Token.Reveal())), key: o.Key, log: o.Log}, nil
}

// Routes is the table of the server.
func (s *Server) Routes() []route.Route {
	one := func(method, path string, handle route.Handler) route.Route {
		return route.Route{Method: method, Path: Prefix + path, Access: route.Public(), Handle: s.guarded(handle), Body: maxBody, Limit: route.Limit{Class: route.Machine, Busy: busy}}
	}

	return []route.Route{
		one(http.MethodGet, "/ServiceProviderConfig", s.config),
		one(http.MethodGet, "/ResourceTypes", s.resourceTypes),
		one(http.MethodGet, "/ResourceTypes/:type", s.resourceType),
		one(http.MethodGet, "/Schemas", s.schemas),
		one(http.MethodGet, "/Schemas/:schema", s.schema),
		one(http.MethodGet, "/Users", s.users),
		one(http.MethodPost, "/Users", s.addUser),
		one(http.MethodGet, "/Users/:user", s.user),
		one(http.MethodPut, "/Users/:user", s.putUser),
		one(http.MethodPatch, "/Users/:user", s.patchUser),
		one(http.MethodDelete, "/Users/:user", s.removeUser),
		one(http.MethodGet, "/Groups", s.groups),
		one(http.MethodPost, "/Groups", s.addGroup),
		one(http.MethodGet, "/Groups/:group", s.group),
		one(http.MethodPut, "/Groups/:group", s.putGroup),
		one(http.MethodPatch, "/Groups/:group", s.patchGroup),
		one(http.MethodDelete, "/Groups/:group", s.removeGroup),
	}
}

func busy(c *gin.Context) error {
	return (&problem{status: http.StatusTooManyRequests, detail: "too many requests; wait as long as Retry-After says"}).write(c)
}

// guarded lets in who has the token and answers errors in the shape of SCIM.
func (s *Server) guarded(handle route.Handler) route.Handler {
	return func(c *gin.Context) error {
		token, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
		sum := sha256.Sum256([]byte(token))

		if subtle.ConstantTimeCompare(sum[:], s.token[:]) != 1 || !ok {
			c.Header("WWW-Authenticate", `Bearer realm="scim"`)

			return (&problem{status: http.StatusUnauthorized, detail: "the token is missing or wrong"}).write(c)
		}

		err := handle(c)
		if err == nil {
			return nil
		}

		p := problemOf(err)

		level := slog.LevelInfo
		if p.status >= http.StatusInternalServerError {
			level = slog.LevelError
		}

		s.log.LogAttrs(c.Request.Context(), level, "scim refused", slog.String("request_id", route.RequestID(c)),
			slog.Int("status", p.status), slog.String("kind", p.kind), slog.String("path", c.FullPath()), slog.String("error_kind", care.KindOf(err).String()))

		return p.write(c)
	}
}

func (s *Server) location(kind, id string) string {
	return s.base + "/" + kind + "/" + url.PathEscape(id)
}

// write answers in SCIM's own type of JSON.
func write(c *gin.Context, status int, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("scim: write an answer: %w", err)
	}

	c.Header("Cache-Control", "no-store")
	c.Data(status, "application/scim+json; charset=utf-8", data)

	return nil
}

// tag is a resource's version as a weak ETag.
func tag(version int) string { return `W/"` + strconv.Itoa(version) + `"` }

// demanded reads the version that If-Match demands; 0: any.
func demanded(c *gin.Context) (int, error) {
	match := c.GetHeader("If-Match")
	if match == "" || match == "*" {
		return 0, nil
	}

	version, err := strconv.Atoi(strings.Trim(strings.TrimPrefix(match, "W/"), `"`))
	if err != nil || version < 1 {
		return 0, stale()
	}

	return version, nil
}

func stale() *problem {
	return &problem{status: http.StatusPreconditionFailed, detail: "the resource has another version"}
}

// outdated tells of a version that was not the demanded one by its own status.
func outdated(err error, version int) error {
	if version != 0 && care.KindOf(err) == care.Conflict {
		return stale()
	}

	return err
}

func read(c *gin.Context) ([]byte, error) {
	data, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return nil, fmt.Errorf("scim: read a request: %w", err)
	}

	return data, nil
}

// answer writes one resource with its version.
func (s *Server) answer(c *gin.Context, status, version int, r resource) error {
	c.Header("ETag", tag(version))

	if status == http.StatusCreated {
		if meta, ok := r["meta"].(map[string]any); ok {
			c.Header("Location", fmt.Sprint(meta["location"]))
		}
	}

	if c.Request.Method == http.MethodGet && c.GetHeader("If-None-Match") == tag(version) {
		c.Status(http.StatusNotModified)

		return nil
	}

	return write(c, status, project(c, r))
}

// always are attributes that are returned whatever is asked for (RFC 7643 §7, returned: always).
func always(attribute string) bool {
	return attribute == "id" || attribute == "schemas" || attribute == "meta"
}

// project leaves out what the request does not want (RFC 7644 §3.9), by top-level attribute.
func project(c *gin.Context, r resource) resource {
	wanted, unwanted := names(c.Query("attributes")), names(c.Query("excludedAttributes"))
	if len(wanted) == 0 && len(unwanted) == 0 {
		return r
	}

	out := make(resource, len(r))

	for key, value := range r {
		lower := strings.ToLower(key)
		if always(key) || (len(wanted) == 0 || wanted[lower]) && !unwanted[lower] {
			out[key] = value
		}
	}

	return out
}

// names reads a list of attributes; of a sub-attribute its top counts.
func names(list string) map[string]bool {
	out := make(map[string]bool)

	for part := range strings.SplitSeq(list, ",") {
		if top, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "."); top != "" {
			out[top] = true
		}
	}

	return out
}

// How many resources a page has, unless asked for fewer, and at most.
const maxPage = 200

// list writes a page of resources (RFC 7644 §3.4.2.4).
func list[T any](c *gin.Context, all []T, of func(T) resource) error {
	start, count := 1, maxPage

	for key, to := range map[string]*int{"startIndex": &start, "count": &count} {
		text := c.Query(key)
		if text == "" {
			continue
		}

		n, err := strconv.Atoi(text)
		if err != nil {
			return invalid("invalidValue", key+" is no number")
		}

		*to = n
	}

	start, count = max(start, 1), min(max(count, 0), maxPage)
	from := min(start-1, len(all))
	page := all[from:min(from+count, len(all))]
	resources := make([]resource, 0, len(page))

	for _, one := range page {
		resources = append(resources, project(c, of(one)))
	}

	return write(c, http.StatusOK, resource{
		"schemas": []string{schemaList}, "totalResults": len(all), "startIndex": start, "itemsPerPage": len(resources), "Resources": resources,
	})
}
