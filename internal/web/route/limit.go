package route

import (
	"slices"

	"github.com/gin-gonic/gin"
)

// Class is which budget of calls a route draws on. Budgets are counted per network of the caller
// (/24 of IPv4, /56 of IPv6), per owner (the employee, or what Limit.Key returns) and for the whole
// municipality; how large they are stands in the configuration (protection.limits). The zero value
// is Ordinary.
type Class string

// The classes.
const (
	Ordinary  Class = ""          // pages and actions of people
	Free      Class = "free"      // static files: not counted
	Login     Class = "login"     // starts of a login or logout
	Answer    Class = "answer"    // answers of identity providers
	Door      Class = "door"      // what is behind a citizen's link; owner: the link
	Code      Class = "code"      // one-time codes, asked for or typed; owner: the session
	Guess     Class = "guess"     // what could be found by trying: visit codes, enrolment codes; wrong tries only
	Device    Class = "device"    // known devices and kiosk tablets; owner: the device
	Emergency Class = "emergency" // emergency access
	Machine   Class = "machine"   // programs: hooks and SCIM
	API       Class = "api"       // the REST API
	Mass      Class = "mass"      // masses of data in one call: imports, conversions; owner: the employee; per hour
)

// Classes lists all classes that are counted.
func Classes() []Class {
	return []Class{Ordinary, Login, Answer, Door, Code, Guess, Device, Emergency, Machine, API, Mass}
}

// Limit says how often a route may be called. The zero value is Ordinary, by employee and network.
type Limit struct {
	Class Class
	// Key names what is counted besides the network where nobody is logged in: a link, a session,
	// a device. It is hashed at once. Nil or an empty answer: nothing.
	Key func(c *gin.Context) string
	// Busy answers a caller over the limit in the feature's own words; Retry-After is set, the
	// status has to be 429. Nil: the error page, or a problem document.
	Busy Handler
}

// rightKey marks a request whose guess was right.
const rightKey = "sluse.right"

// Right tells that a guess was right: for routes of class Guess it does not count then.
func Right(c *gin.Context) { c.Set(rightKey, true) }

// WasRight reports whether Right was called.
func WasRight(c *gin.Context) bool { return c.GetBool(rightKey) }

// In returns the routes with the class on every route that declares none itself.
func In(class Class, routes []Route) []Route {
	out := slices.Clone(routes)
	for i := range out {
		if out[i].Limit.Class == Ordinary {
			out[i].Limit.Class = class
		}
	}

	return out
}
