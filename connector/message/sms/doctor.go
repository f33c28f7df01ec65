package sms

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// Check asks for the messages of a meeting that can't exist: the service answers that there are
// none when it knows us. A wrong path may answer the same, so the finding does not say more.
func (s *Sender) Check(ctx context.Context) []connector.Finding {
	answer, err := s.client.Do(ctx, outbound.Call{Op: "check", Method: http.MethodGet, Path: []string{"v1", "meeting", uuid.NewString()}})
	if err == nil && !answer.OK() && answer.Status != http.StatusNotFound {
		err = answer.Fail("")
	}

	finding := connector.Finding{Level: connector.Failing, Subject: "SMS gennem VDX"}

	switch connector.KindOf(err) {
	case 0:
		finding.Level, finding.Text = connector.Fine, "Adressen svarer og kender os. Om der er en SMS-tjeneste bag den, viser den første SMS."
	case connector.Unauthorized:
		finding.Text = "SMS-tjenesten kender os ikke eller giver os ikke lov. " + map[string]string{
			AuthOAuth: "Kontrollér client_id, client_secret og token_url.",
			AuthVDX:   "Den bruger samme adgang som video.vdx; spørg MedCom, om adgangen også gælder SMS.",
		}[s.auth]
	case connector.RateLimited, connector.Unavailable, connector.Pending, connector.Unknown:
		finding.Text = "SMS-tjenesten kan ikke nås lige nu. Kontrollér adressen og firewallen; prøv igen om lidt."
	case connector.NotFound, connector.Conflict, connector.Rejected, connector.Malformed, connector.Unsupported:
		finding.Text = "Der er ingen SMS-tjeneste på adressen base_url."
	}

	return []connector.Finding{finding}
}
