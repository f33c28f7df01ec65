package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sluse/sluse/saml/idpsim"
	"github.com/sluse/sluse/scheduler/care"
)

// identities counts how the citizens of a walk proved who they are.
type identities struct {
	mitID, code int
	strangers   int // somebody else's logins that were turned away
}

// identify proves who came through a link: every other one of those who have MitID by that, the
// others by a code. The very first login is somebody else's, as with a borrowed phone.
func (w *walk) identify(ctx context.Context, citizen *person, phone string) error {
	owner := w.owner(phone)
	if owner == "" || w.by.mitID > w.by.code {
		w.by.code++

		return w.typeCode(ctx, citizen, phone)
	}

	if w.by.strangers == 0 {
		if err := w.comeAsStranger(ctx, citizen, owner); err != nil {
			return err
		}
	}

	where, err := w.logIn(ctx, citizen, owner)
	if err != nil {
		return err
	}

	if where != "/b" {
		return fmt.Errorf("%w: a citizen's MitID led to %s", errStatus, where)
	}

	w.by.mitID++

	return nil
}

// comeAsStranger logs in as another person, who must be turned away.
func (w *walk) comeAsStranger(ctx context.Context, citizen *person, owner string) error {
	for _, u := range w.World.MitID.Users() {
		if u.CPR == "" || u.ID == owner {
			continue
		}

		where, err := w.logIn(ctx, citizen, u.ID)
		if err != nil {
			return err
		}

		if where != "/b/anden" {
			return fmt.Errorf("%w: somebody else's MitID led to %s", errStatus, where)
		}

		w.by.strangers++

		return nil
	}

	return nil
}

// logIn goes to MitID and back, as a browser would, and tells where that ends.
func (w *walk) logIn(ctx context.Context, citizen *person, user string) (string, error) {
	sent, err := citizen.post(ctx, "/b/eid/mitid", nil)
	if err != nil {
		return "", err
	}

	if err := sent.want("POST /b/eid/mitid", http.StatusSeeOther); err != nil {
		return "", err
	}

	back, err := w.World.MitID.Login(ctx, sent.location, user, "")
	if err != nil {
		return "", fmt.Errorf("MitID: %w", err)
	}

	a, err := citizen.post(ctx, back.ACS, url.Values{"SAMLResponse": {back.SAMLResponse}, "RelayState": {back.RelayState}})
	if err != nil {
		return "", err
	}

	where, _, _ := strings.Cut(a.location, "?")

	return where, a.want("answer of MitID", http.StatusSeeOther)
}

// owner returns whose telephone it is, as MitID knows the person; empty when that is not clear, or
// the person has no MitID.
func (w *walk) owner(phone string) string {
	number, ok := w.owners[care.NewPhone(phone)]
	if !ok || number.IsZero() {
		return ""
	}

	for _, u := range w.World.MitID.Users() {
		if same(u, number) {
			return u.ID
		}
	}

	return ""
}

func same(u idpsim.User, number care.CPR) bool {
	cpr, _, _ := care.ParseCPR(u.CPR)

	return cpr == number
}
