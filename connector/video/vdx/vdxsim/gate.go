package vdxsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// gate is what every call of the video and SMS API passes, in the service's order (§1.1):
// CORS, authentication, organisation, user data; the action itself then parses, checks the
// role and works.
func (s *Server) gate(d dialect, who authenticator, do func(*exchange) (reply, *problem)) action {
	return func(x *exchange) reply {
		x.dialect = d
		if x.r.Header.Get("Origin") != "" {
			return reply{status: http.StatusForbidden, kind: "text/plain", body: []byte("Invalid CORS request"), detail: "Origin header"}
		}
		if s.opts.Strict {
			if p := strictHeaders(x); p != nil {
				return x.fail(p)
			}
		}
		if refused := who(x); refused != nil {
			return *refused
		}
		if p := s.knownCaller(x); p != nil {
			return x.fail(p)
		}
		out, p := do(x)
		if p != nil {
			return x.fail(p)
		}
		return out
	}
}

// knownCaller: an unknown organisation is made where a parent is named, and 403 otherwise;
// no role, or missing user data except for a pure provisioner, is 401 (§1.1).
func (s *Server) knownCaller(x *exchange) *problem {
	unknown := func(text string) *problem {
		return &problem{status: http.StatusUnauthorized, v2: codeGeneric, text: text}
	}
	if len(x.by.roles) == 0 {
		return unknown("The user has no role")
	}
	if x.by.only(RoleProvisioner) {
		return nil
	}
	if x.by.organisation == "" || x.by.email == "" {
		return unknown("The user has no organisation or no e-mail")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.world.organisations[x.by.organisation] != nil:
		return nil
	case x.by.autoCreate == "":
		return forbidden("The organisation of the user is unknown")
	case s.world.organisations[x.by.autoCreate] == nil:
		return crash("the organisation service refuses an unknown parent")
	}
	s.world.addOrganisation(Organisation{
		Code: x.by.organisation, Name: x.by.organisation, Parent: x.by.autoCreate, NoTemplate: true,
	}, x.now)
	return nil
}

func strictHeaders(x *exchange) *problem {
	if x.rec.RequestID == "" {
		return pedantic("header x-request-id is missing")
	}
	if len(x.body) > 0 {
		kind, _, _ := strings.Cut(x.rec.ContentType, ";")
		if strings.TrimSpace(kind) != "application/json" {
			p := pedantic("content type is " + x.rec.ContentType + ", want application/json")
			p.status = http.StatusUnsupportedMediaType
			return p
		}
	}
	return nil
}

// strictQuery refuses query parameters that the operation does not have.
func (s *Server) strictQuery(q url.Values, known ...string) *problem {
	if !s.opts.Strict {
		return nil
	}
	for name := range q {
		if !slices.Contains(known, name) {
			return pedantic("unknown query parameter " + name)
		}
	}
	return nil
}

func allow(x *exchange, roles []string) *problem {
	if !x.by.hasAny(roles) {
		return x.roleFailure()
	}
	return nil
}

// pathUUID reads the last path segment.
func pathUUID(x *exchange) (string, *problem) {
	id, ok := parseUUID(x.r.PathValue("uuid"))
	if !ok {
		return "", unreadable("path: not a UUID")
	}
	return id, nil
}
