package web

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/netip"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

// Budget is how many calls of a class are answered in a window of time. A window begins with the
// first call; 0 calls: no such limit. Every process counts for itself, so with N processes behind
// one name a caller may get N times as much.
type Budget struct {
	Network int           // of one network: /24 of IPv4, /56 of IPv6
	Own     int           // of one employee, link, session or device
	All     int           // of everybody at this municipality
	Per     time.Duration // the window; 0: a minute
}

// DefaultBudgets are the budgets of classes for which a site says nothing. A municipality, a
// nursing home or a mobile carrier puts thousands of people behind one address, so that budgets of
// networks are wide where nothing can be guessed; docs/security.md has the arithmetic.
func DefaultBudgets() map[route.Class]Budget {
	return map[route.Class]Budget{
		route.Free:      {},
		route.Ordinary:  {Network: 30_000, Own: 900, All: 60_000},
		route.Login:     {Network: 600, All: 3000},
		route.Answer:    {Network: 600, All: 3000},
		route.Door:      {Network: 120, Own: 20, All: 6000},
		route.Code:      {Network: 120, Own: 10, All: 3000},
		route.Guess:     {Network: 10, All: 120},
		route.Device:    {Network: 300, Own: 20, All: 3000},
		route.Emergency: {Network: 10, All: 30},
		route.Machine:   {Network: 12_000, All: 30_000},
		route.API:       {Network: 6000, Own: 1200, All: 30_000},
		route.Mass:      {Own: 60, All: 600, Per: time.Hour},
	}
}

// scope is what a budget is counted by; a label of the metric.
type scope string

const (
	byNetwork scope = "network"
	byOwner   scope = "owner"
	byAll     scope = "all"
)

// limits counts the calls of one municipality.
type limits struct {
	budgets map[route.Class]Budget
	stores  map[Budget]limiter.Store // by size and window, in Own and Per
	refused *prometheus.CounterVec   // may be nil
	label   string
}

// newLimits makes the buckets. Without budgets of its own a class has the default.
func newLimits(own map[route.Class]Budget, refused *prometheus.CounterVec, municipality care.MunicipalityID) (*limits, error) {
	l := &limits{budgets: DefaultBudgets(), stores: make(map[Budget]limiter.Store), refused: refused, label: string(municipality)}

	maps.Copy(l.budgets, own)

	for class, b := range l.budgets {
		if b.Per == 0 {
			b.Per = time.Minute
			l.budgets[class] = b
		}

		for _, tokens := range []int{b.Network, b.Own, b.All} {
			if err := l.open(tokens, b.Per); err != nil {
				return nil, err
			}
		}
	}

	return l, nil
}

func (l *limits) open(tokens int, per time.Duration) error {
	size := Budget{Own: tokens, Per: per}
	if tokens <= 0 || l.stores[size] != nil {
		return nil
	}

	// A bucket that rests for two windows is full again and may be forgotten: that, and the budget
	// of everybody together, bound the memory.
	store, err := memorystore.New(&memorystore.Config{
		Tokens: uint64(tokens), Interval: per, SweepInterval: per, SweepMinTTL: 2 * per, InitialAlloc: 16,
	})
	if err != nil {
		return fmt.Errorf("web: limits: %w", err)
	}

	l.stores[size] = store

	return nil
}

// close ends the buckets' housekeeping. Calls after it are not counted.
func (l *limits) close(ctx context.Context) {
	for _, s := range l.stores {
		_ = s.Close(ctx) // has nothing to fail at
	}
}

// bucket is one of the counters that a call draws on.
type bucket struct {
	store limiter.Store
	key   string
	scope scope
}

// bucketOf names a bucket. Keys are hashed, so that memory holds neither locator nor address.
func (l *limits) bucketOf(class route.Class, s scope, tokens int, text string) (bucket, bool) {
	store := l.stores[Budget{Own: tokens, Per: l.budgets[class].Per}]
	if store == nil || text == "" {
		return bucket{}, false
	}

	sum := sha256.Sum256([]byte(string(class) + "\x00" + string(s) + "\x00" + text))

	return bucket{store: store, key: string(sum[:]), scope: s}, true
}

// strangers counts a call before anybody looks who makes it: everybody together last, so that
// one network that is refused takes nothing from the others.
func (l *limits) strangers(c *gin.Context, r route.Route) error {
	class := r.Limit.Class
	if class == route.Free {
		return nil
	}

	b, owner := l.budgets[class], ""
	if r.Limit.Key != nil {
		owner = r.Limit.Key(c)
	}

	var taken []bucket

	for _, want := range []struct {
		scope  scope
		tokens int
		text   string
	}{{byNetwork, b.Network, network(c.ClientIP())}, {byOwner, b.Own, owner}, {byAll, b.All, "all"}} {
		one, counted := l.bucketOf(class, want.scope, want.tokens, want.text)
		if !counted {
			continue
		}

		if err := l.take(c, class, one); err != nil {
			return err
		}

		taken = append(taken, one)
	}

	if class == route.Guess {
		c.Set(takenKey, taken)
	}

	return nil
}

// employee counts a call of somebody who is logged in.
func (l *limits) employee(c *gin.Context, r route.Route) error {
	class := r.Limit.Class
	if class == route.Free {
		return nil
	}

	one, counted := l.bucketOf(class, byOwner, l.budgets[class].Own, string(route.Actor(c).Employee))
	if !counted {
		return nil
	}

	return l.take(c, class, one)
}

// takenKey holds the buckets that a guess drew on until it is known whether it was right.
const takenKey = "sluse.limits_taken"

// settle gives back what a right guess took: only wrong ones count.
func (l *limits) settle(c *gin.Context) {
	taken, _ := c.Value(takenKey).([]bucket)
	if !route.WasRight(c) {
		return
	}

	for _, b := range taken {
		_ = b.store.Burst(c.Request.Context(), b.key, 1) // in memory; has nothing to fail at
	}
}

func (l *limits) take(c *gin.Context, class route.Class, b bucket) error {
	_, _, reset, ok, err := b.store.Take(c.Request.Context(), b.key)
	if ok || err != nil {
		return nil //nolint:nilerr // the error says that the program stops: what is under way may end
	}

	if l.refused != nil {
		l.refused.WithLabelValues(l.label, className(class), string(b.scope)).Inc()
	}

	c.Header("Retry-After", strconv.Itoa(secondsUntil(reset)))

	return tooMany()
}

func tooMany() error {
	return care.NewError(care.TooMany, "Der er for mange forsøg lige nu. Vent lidt, og prøv igen.")
}

// className is the class in metrics and configuration.
func className(c route.Class) string {
	if c == route.Ordinary {
		return "ordinary"
	}

	return string(c)
}

// secondsUntil is in real time, because the buckets' clock is the machine's.
func secondsUntil(reset uint64) int {
	left := time.Until(time.Unix(0, int64(reset))) //nolint:gosec // nanoseconds since 1970 fit until 2262; the library knows no other clock

	return max(1, int((left+time.Second-1)/time.Second))
}

// network returns the part of an address that one household or company shares: /24 for IPv4,
// /56 for IPv6.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}

	bits := 56
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}

	prefix, err := a.Prefix(bits)
	if err != nil {
		return "unknown"
	}

	return prefix.String()
}

// newRefused registers the counter of refusals. Its labels name nobody.
func newRefused(reg prometheus.Registerer) (*prometheus.CounterVec, error) {
	if reg == nil {
		return nil, nil //nolint:nilnil // no registry, no metrics
	}

	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluse_http_limited_total", Help: "Requests refused with 429, by municipality, class of route and what was counted: network, owner or all.",
	}, []string{"municipality", "class", "by"})

	if err := reg.Register(refused); err != nil {
		return nil, fmt.Errorf("web: limit metrics: %w", err)
	}

	return refused, nil
}
