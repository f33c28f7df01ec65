package pexipsim

import (
	"encoding/json"
	"errors"
	"net/http"
)

// requestToken answers the one question of the client API that needs no participant (§6.1):
// whether a node knows an alias, and which PINs it asks for. A token is never issued: people
// come in over the pages or the control plane.
func (s *Server) requestToken(x *exchange) reply {
	alias := x.r.PathValue("alias")
	_, version, _ := s.world.roomAt(alias, "", x.now)
	if version == nil {
		return clientReply(http.StatusNotFound, "failed", "Neither conference nor gateway found")
	}
	x.rec.Key = version.name
	var in struct {
		PIN string `json:"pin"`
	}
	pin := ""
	if json.Unmarshal(x.body, &in) == nil {
		pin = in.PIN
	}
	if pin == "" {
		pin = x.r.Header.Get("Pin")
	}
	_, err := version.roleOf(pin)
	switch {
	case errors.Is(err, ErrPINRequired):
		guest := "none"
		if version.guestPIN != "" {
			guest = "required"
		}
		return clientReply(http.StatusForbidden, "success", map[string]any{"pin": "required", "guest_pin": guest, "display_name": ""})
	case err != nil:
		return clientReply(http.StatusForbidden, "success", "Invalid PIN")
	}
	return unbuilt("a token of the client API")
}

func clientReply(code int, status string, result any) reply {
	return jsonReply(code, map[string]any{"status": status, "result": result})
}
