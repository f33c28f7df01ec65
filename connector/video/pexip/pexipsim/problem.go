package pexipsim

import (
	"net/http"
	"net/url"
)

// invalid is a 400 for members that are wrong, in one of the two shapes seen (§1.6).
func (s *Server) invalid(x *exchange, resource string, wrong complaints) reply {
	shape := s.opts.ErrorShape
	if shape == "" {
		shape = ByResource
		if !s.opts.Calm && s.dice.share("shape", x.rec.Op, x.rec.Key) < 0.5 {
			shape = Flat
		}
	}
	var body any = map[string]any{resource: wrong}
	if shape == Flat {
		body = wrong
	}
	out := jsonReply(http.StatusBadRequest, body)
	out.detail = firstOf(wrong)
	return out
}

func firstOf(wrong complaints) string {
	for name, texts := range wrong {
		for _, text := range texts {
			return name + ": " + text
		}
	}
	return ""
}

// badRequest is a 400 for a request that can't be read, in the third shape.
func badRequest(text string) reply {
	out := jsonReply(http.StatusBadRequest, map[string]any{"error": text})
	out.detail = text
	return out
}

func notFound() reply {
	return reply{status: http.StatusNotFound, detail: "not found"}
}

// unbuilt is what the simulator says to what it does not play.
func unbuilt(what string) reply {
	out := jsonReply(http.StatusNotImplemented, map[string]any{"error": "Simulator: " + what + " is not built."})
	out.detail = what + " is not built"
	return out
}

func notAllowed() reply {
	return reply{status: http.StatusMethodNotAllowed, detail: "method not allowed"}
}

// crashed is the framework's 500.
func crashed(detail string) reply {
	out := jsonReply(http.StatusInternalServerError, map[string]any{
		"error_message": "Sorry, this request could not be processed. Please try again later.",
	})
	out.detail = detail
	return out
}

// unauthorized is a 401 without a body. On a platform that takes OAuth2 only the challenge is
// Bearer (§10).
func unauthorized(bearerOnly bool) reply {
	challenge := `Basic realm="Pexip Infinity Management API"`
	if bearerOnly {
		challenge = "Bearer"
	}
	return reply{status: http.StatusUnauthorized, header: map[string]string{"WWW-Authenticate": challenge}, detail: "unauthorized"}
}

// loginRedirect is the other answer to bad credentials (§1.6).
func loginRedirect(x *exchange) reply {
	return reply{
		status: http.StatusFound, detail: "redirected to the login page",
		header: map[string]string{"Location": "/accounts/login/?next=" + url.QueryEscape(x.r.URL.Path)},
	}
}
