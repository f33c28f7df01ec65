package join

import (
	"container/list"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"github.com/sluse/sluse/scheduler/care"
)

// limiter is a token bucket per key. It remembers a bounded number of keys and forgets the one
// that was used longest ago.
type limiter struct {
	every time.Duration
	burst int
	most  int
	now   func() time.Time

	mu    sync.Mutex
	byKey map[[sha256.Size]byte]*list.Element
	order *list.List // newest first; values are *bucket
}

type bucket struct {
	key   [sha256.Size]byte
	limit *rate.Limiter
}

func newLimiter(every time.Duration, burst, most int, now func() time.Time) *limiter {
	return &limiter{every: every, burst: burst, most: most, now: now, byKey: map[[sha256.Size]byte]*list.Element{}, order: list.New()}
}

// allow takes one token. Keys are hashed, so that memory holds no locator and no address.
func (l *limiter) allow(text string) bool {
	key := sha256.Sum256([]byte(text))

	l.mu.Lock()
	defer l.mu.Unlock()

	e, ok := l.byKey[key]
	if !ok {
		e = l.order.PushFront(&bucket{key: key, limit: rate.NewLimiter(rate.Every(l.every), l.burst)})
		l.byKey[key] = e
		l.forget()
	}

	l.order.MoveToFront(e)

	b, ok := e.Value.(*bucket)

	return ok && b.limit.AllowN(l.now(), 1)
}

func (l *limiter) forget() {
	for l.order.Len() > l.most {
		last := l.order.Back()
		if b, ok := last.Value.(*bucket); ok {
			delete(l.byKey, b.key)
		}

		l.order.Remove(last)
	}
}

// limit counts a knock at the door, for the caller's network and for the link or session.
func (p *Pages) limit(c *gin.Context, link string) error {
	if !p.addrs.allow(network(c.ClientIP())) || (link != "" && !p.links.allow(link)) {
		return care.NewError(care.TooMany, "Der er for mange forsøg lige nu.")
	}

	return nil
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
