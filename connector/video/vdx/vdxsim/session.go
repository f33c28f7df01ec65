package vdxsim

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
)

// The attribute names of the published compose file (§3.1), shared by v2 claims, session data
// and assertions.
const (
	attrOrganisation = "dk:medcom:organisation_id"
	attrEmail        = "dk:medcom:email"
	attrRole         = "dk:medcom:video:role"
	attrAutoCreate   = "dk:medcom:auto:organisation_id"
	attrITSystem     = "dk:nextstepcitizen:attribute:it-system"
)

// RoleProvision is the provisioner's value of the role attribute in v1, as the VDX test STS
// writes it (§1.2). With an organisation and an e-mail beside it, it means
// RoleProvisionerUser, otherwise RoleProvisioner.
const RoleProvision = "meeting-provision"

// attributes are what a session knows of its caller, several values per name.
type attributes map[string][]string

func (a attributes) first(name string) string {
	if len(a[name]) == 0 {
		return ""
	}
	return a[name][0]
}

// principal maps v1 attributes: unknown roles are dropped, and the provisioner is promoted by
// having user data (§1.2).
func (a attributes) principal(client string) principal {
	by := principal{
		client: client, organisation: a.first(attrOrganisation), email: a.first(attrEmail),
		autoCreate: a.first(attrAutoCreate),
	}
	for _, role := range a[attrRole] {
		switch role {
		case RoleUser, RolePlanner, RoleAdmin:
			by.roles = append(by.roles, role)
		case RoleProvision, RoleProvisioner:
			if by.organisation != "" && by.email != "" {
				by.roles = append(by.roles, RoleProvisionerUser)
			} else {
				by.roles = append(by.roles, RoleProvisioner)
			}
		}
	}
	return by
}

// sessionData is DoorSession: the header is base64 of JSON with UserAttributes, and nothing
// in it is verified. A malformed one breaks the service; without one the service would ask a
// user service for the session, which knows nobody here (§3.1).
func (s *Server) sessionData(x *exchange) *reply {
	x.rec.Door = DoorSession
	header := x.r.Header.Get(s.opts.SessionHeader)
	if header == "" {
		return new(reply{status: http.StatusUnauthorized, detail: "no " + s.opts.SessionHeader + " header"})
	}
	held, ok := parseSessionData(header)
	if !ok {
		return new(x.fail(crash("the session data can't be read")))
	}
	x.by = held.principal(held.first(attrEmail))
	x.rec.Client = x.by.client
	return nil
}

// parseSessionData reads base64(JSON); members other than UserAttributes are ignored.
func parseSessionData(header string) (attributes, bool) {
	raw, err := base64.StdEncoding.DecodeString(header)
	if err != nil {
		return nil, false
	}
	var in struct {
		UserAttributes attributes `json:"UserAttributes"`
	}
	if err = json.Unmarshal(raw, &in); err != nil {
		return nil, false
	}
	return in.UserAttributes, true
}

// either is for services beside the video API on the plain listener: session data where there
// is some and no bearer token, a bearer token otherwise.
func (s *Server) either(x *exchange) *reply {
	if s.opens(DoorSession) && x.rec.Authorization == "" && x.r.Header.Get(s.opts.SessionHeader) != "" {
		return s.sessionData(x)
	}
	return s.bearer(x)
}
