// Package route is what the feature packages of internal/web are made of: a route with the
// access it demands, and a handler that returns an error instead of writing one.
//
// Features declare their routes as one table; internal/web mounts the tables and enforces the
// access in one place. A route whose access is not declared is closed to everybody.
package route

import (
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/scheduler/care"
)

// Handler answers one request or returns an error, never both. Errors are *care.Error; any
// other error is a fault of ours.
type Handler func(c *gin.Context) error

// Route is one line of a feature's table.
type Route struct {
	Method string
	Path   string
	Access Access
	Handle Handler
	// Body is the largest request body in bytes; 0 means 64 KB.
	Body int64
	// CrossSite is set where another site posts by design: the answers of the identity provider.
	CrossSite bool
	// Stream is set for server-sent events, which have no HEAD.
	Stream bool
	// Limit is how often the route may be called.
	Limit Limit
}

// Access says who may call a route. The zero value lets nobody in.
type Access struct {
	public      bool
	staff       bool
	fresh       bool
	permissions []care.Permission
}

// Public lets everybody in: citizen pages, whose own session decides, and the login itself.
func Public() Access { return Access{public: true} }

// Staff lets every logged-in employee in who has a role at all.
func Staff() Access { return Access{staff: true} }

// Needs lets employees in who have one of the permissions in some unit. The use case decides
// for the unit at hand.
func Needs(first care.Permission, more ...care.Permission) Access {
	return Access{staff: true, permissions: append([]care.Permission{first}, more...)}
}

// Fresh demands besides that the login is not older than 15 minutes (ASVS 7.5.3). Who has an older
// one logs in anew and comes back to the page.
func (a Access) Fresh() Access {
	a.fresh = true

	return a
}

// DemandsFresh reports whether the login has to be fresh.
func (a Access) DemandsFresh() bool { return a.fresh }

// Anonymous reports whether nobody needs to be logged in.
func (a Access) Anonymous() bool { return a.public }

// Permissions lists those of which one is needed; empty when none is.
func (a Access) Permissions() []care.Permission { return slices.Clone(a.permissions) }

// Allows reports whether the employee may call the route.
func (a Access) Allows(actor care.Actor) bool {
	switch {
	case a.public:
		return true
	case !a.staff || len(actor.Grants) == 0:
		return false
	case len(a.permissions) == 0:
		return true
	}

	return slices.ContainsFunc(a.permissions, actor.MayAnywhere)
}

const (
	actorKey   = "sluse.actor"
	requestKey = "sluse.request"
)

// SetActor is called by internal/web after it has authenticated the request.
func SetActor(c *gin.Context, actor care.Actor) { c.Set(actorKey, actor) }

// Actor returns the employee who makes the request; the zero Actor, which may do nothing,
// when nobody is logged in.
func Actor(c *gin.Context) care.Actor {
	actor, _ := c.Value(actorKey).(care.Actor)

	return actor
}

// SetRequestID is called by internal/web at the start of every request.
func SetRequestID(c *gin.Context, id string) { c.Set(requestKey, id) }

// RequestID returns the reference under which the request is logged.
func RequestID(c *gin.Context) string { return c.GetString(requestKey) }
