package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/internal/web/ui"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/emergency"
)

// pathEmergency is the door for the time when the identity provider is down.
const pathEmergency = "/noedadgang"

// Emergency lets employees in while the identity provider is down (C24); *emergency.Service
// satisfies it. Errors are *care.Error.
type Emergency interface {
	ui.Emergency
	Available(ctx context.Context) bool
	Enter(ctx context.Context, first, second emergency.Party, reason string) (emergency.Entry, error)
}

// staffEmergency is the part of it that logged-in employees use. A nil pointer in an interface is
// not nil, so it is asked here.
func (s Site) staffEmergency() ui.Emergency {
	if s.EmergencyAccess == nil {
		return nil
	}

	return s.EmergencyAccess
}

// openEmergency is the address of the door while it is open; empty when it is not.
func (m *mount) openEmergency(c *gin.Context) string {
	if m.site.EmergencyAccess == nil || !m.site.EmergencyAccess.Available(c.Request.Context()) {
		return ""
	}

	return pathEmergency
}

func (m *mount) emergencyRoutes() []route.Route {
	if m.site.EmergencyAccess == nil {
		return nil
	}

	return []route.Route{
		{Method: http.MethodGet, Path: pathEmergency, Access: route.Public(), Handle: m.emergencyDoor},
		{Method: http.MethodPost, Path: pathEmergency, Access: route.Public(), Handle: m.enterEmergency, Limit: route.Limit{Class: route.Emergency}},
	}
}

// emergencyPage is the door. What was typed does not come back but for the reason: codes belong
// into no page.
type emergencyPage struct {
	Open   bool
	Reason string
	Error  string
}

func (m *mount) emergencyDoor(c *gin.Context) error {
	return m.showEmergency(c, http.StatusOK, emergencyPage{})
}

func (m *mount) showEmergency(c *gin.Context, status int, body emergencyPage) error {
	body.Open = m.site.EmergencyAccess.Available(c.Request.Context())

	return m.pages.Show(c, status, "noedadgang", m.frame("Nødadgang", body))
}

// enterEmergency gives the first of two employees a session of at most an hour.
func (m *mount) enterEmergency(c *gin.Context) error {
	party := func(id, code string) emergency.Party {
		return emergency.Party{Employee: c.PostForm(id), Code: care.NewSecret(c.PostForm(code))}
	}

	reason := c.PostForm("grund")

	entry, err := m.site.EmergencyAccess.Enter(c.Request.Context(), party("id", "kode"), party("id2", "kode2"), reason)

	switch kind := care.KindOf(err); {
	case err == nil:
	case kind == care.Forbidden, kind == care.Invalid:
		return m.showEmergency(c, Status(kind), emergencyPage{Reason: reason, Error: care.MessageOf(err)})
	default:
		return err
	}

	_, err = m.begin(c, Session{
		Employee: entry.Employee, Name: entry.Name, Method: scheduler.ByEmergency, AuthenticatedAt: m.now(), EndsAt: entry.Ends,
	})
	if err != nil {
		return err
	}

	c.Redirect(http.StatusSeeOther, "/")

	return nil
}
