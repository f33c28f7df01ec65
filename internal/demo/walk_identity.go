package demo

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// identities counts how the citizens of a walk proved who they are.
type identities struct {
	mitID, code int
	broker      int // of those with MitID, at the other provider than NemLog-in
	strangers   int // somebody else's logins that were turned away
}

// identify proves who came through a link: every other one of those who have MitID by that, the
// others by a code. Where there are several providers they take turns. The very first login is
// somebody else's, as with a borrowed phone.
func (w *walk) identify(ctx context.Context, citizen *person, phone string) error {
	owner := w.owner(phone)
	if owner == "" || w.by.mitID > w.by.code {
		w.by.code++

		return w.typeCode(ctx, citizen, phone)
	}

	providers := w.World.CitizenLogins()
	provider := providers[w.by.mitID%len(providers)]

	if w.by.strangers == 0 {
		if err := w.comeAs(ctx, citizen, provider, w.World.Stranger(owner), "/b/anden"); err != nil {
			return err
		}

		w.by.strangers++
	}

	if err := w.comeAs(ctx, citizen, provider, owner, "/b"); err != nil {
		return err
	}

	w.by.mitID++

	if provider == world.BrokerKey {
		w.by.broker++
	}

	return nil
}

// comeAs logs somebody in, who must end at a page.
func (w *walk) comeAs(ctx context.Context, citizen *person, provider, user, page string) error {
	where, err := w.logIn(ctx, citizen, provider, user)
	if err != nil {
		return err
	}

	if where != page {
		return fmt.Errorf("%w: a login with MitID led to %s instead of %s", errStatus, where, page)
	}

	return nil
}

// logIn goes to a provider and back, as a browser would, and tells where that ends.
func (w *walk) logIn(ctx context.Context, citizen *person, provider, user string) (string, error) {
	begin := "/b/eid/" + provider

	sent, err := citizen.post(ctx, begin, nil)
	if err != nil {
		return "", err
	}

	if err := sent.want("POST "+begin, http.StatusSeeOther); err != nil {
		return "", err
	}

	back, err := w.World.LogIn(ctx, provider, sent.location, user)
	if err != nil {
		return "", fmt.Errorf("MitID: %w", err)
	}

	a, err := citizen.follow(ctx, back)
	if err != nil {
		return "", err
	}

	where, _, _ := strings.Cut(strings.TrimPrefix(a.location, w.Base), "?")

	return where, a.want("answer of MitID", http.StatusSeeOther)
}

// follow goes where a provider sends the browser.
func (p *person) follow(ctx context.Context, back world.Answer) (answer, error) {
	if back.Form == nil {
		return p.do(ctx, http.MethodGet, back.URL, "", nil)
	}

	return p.post(ctx, back.URL, back.Form)
}

// owner returns whose telephone it is, as MitID knows the person; empty when that is not clear, or
// the person has no MitID.
func (w *walk) owner(phone string) string {
	number, ok := w.owners[care.NewPhone(phone)]
	if !ok || number.IsZero() {
		return ""
	}

	return w.World.CitizenLogin(number)
}
