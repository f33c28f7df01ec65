package saml

import (
	"context"
	"errors"
	"net/http"
	"time"

	crewjam "github.com/crewjam/saml"
)

// LogoutMessage is a verified message at PathLogout.
type LogoutMessage struct {
	// Requested is true when the provider asks us to end sessions, false when it answers
	// a logout that was started here.
	Requested bool
	// NameID and SessionIndexes name the sessions to end when Requested is set; without
	// an index all of the person's. Compare Value, Format and both qualifiers.
	NameID         NameID
	SessionIndexes []string
	// Partial is set in an answer when the provider could not end every session.
	Partial bool
	// Next is where the browser goes: when Requested is set, the provider with our signed
	// answer, to be used only after the sessions have ended, or nowhere when it has no
	// address for answers; otherwise the local path given to Logout.
	Next Outgoing
}

// Logout starts a logout at the provider for a person whose own session the caller has
// ended, and returns where to send the browser to: nowhere, without an error, when the provider
// has no logout service. The path returnTo is where to continue on our own site. Errors
// are *Error of KindInvalid or KindUnavailable.
func (p *Provider) Logout(ctx context.Context, browserHandle string, who Principal, returnTo string) (Outgoing, error) {
	x, err := p.exchange()
	if err != nil {
		return Outgoing{}, err
	}
	if x.idp.slo.url == "" {
		return Outgoing{}, nil
	}
	if browserHandle == "" || !localPath(returnTo) || who.NameID.Value == "" {
		return Outgoing{}, invalid("logout without a browser handle, a name or a local return address")
	}
	now := x.now().UTC()
	req := x.newRequest(PurposeLogout, browserHandle, returnTo, now)
	if err := x.store.SaveRequest(ctx, req); err != nil {
		return Outgoing{}, unavailable("request cannot be saved", err)
	}
	end := now.Add(maxIssueAge)
	message := crewjam.LogoutRequest{
		ID: req.ID, Version: "2.0", IssueInstant: now, NotOnOrAfter: &end, Destination: x.idp.slo.url,
		Issuer: x.issuer(),
		NameID: &crewjam.NameID{
			Value: who.NameID.Value, Format: who.NameID.Format,
			NameQualifier: who.NameID.NameQualifier, SPNameQualifier: who.NameID.SPNameQualifier,
		},
	}
	if who.SessionIndex != "" {
		message.SessionIndex = &crewjam.SessionIndex{Value: who.SessionIndex}
	}
	return x.send(x.idp.slo, paramRequest, message.Element(), req.RelayState)
}

// HandleLogout reads a LogoutRequest or LogoutResponse that came to PathLogout by the
// redirect or the POST binding. Both must be signed. The browser handle is the value in the
// browser's cookie and matters for answers only: a logout started elsewhere may come
// without it. Errors are *Error.
func (p *Provider) HandleLogout(r *http.Request, browserHandle string) (result LogoutMessage, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			result, err = LogoutMessage{}, invalid("parser panicked: %T", fault)
		}
	}()
	x, err := p.exchange()
	if err != nil {
		return LogoutMessage{}, err
	}
	now := x.now().UTC()
	message, relayState, err := x.signedMessage(r, now)
	if err != nil {
		return LogoutMessage{}, err
	}
	if message.is(nsProtocol, "LogoutResponse") {
		return x.logoutAnswered(r.Context(), message, browserHandle, now)
	}
	return x.logoutRequested(r.Context(), message, relayState, now)
}

// signedMessage returns the root of a message whose signature verified, in the query for
// redirects, in the XML for POSTs.
func (x *exchange) signedMessage(r *http.Request, now time.Time) (*node, string, error) {
	if r.Method == http.MethodGet {
		query, err := verifyQuery(r.URL.RawQuery, x.idp.certificates, now)
		if err != nil {
			return nil, "", err
		}
		root, s, err := parseMessage(query.document)
		if err != nil {
			return nil, "", err
		}
		if root.is(nsProtocol, "LogoutResponse") != (query.param == paramResponse) || s.signatures != 0 {
			return nil, "", invalid("query parameter and message do not fit together")
		}
		return root, query.relayState, nil
	}
	message, err := postedMessage(r, paramRequest)
	if err != nil {
		if message, err = postedMessage(r, paramResponse); err != nil {
			return nil, "", err
		}
	}
	root, s, err := parseMessage(message.document)
	if err != nil {
		return nil, "", err
	}
	if err := signaturesBelong(s, root); err != nil {
		return nil, "", err
	}
	verified, err := verifyElement(root, x.idp.certificates, now)
	return verified, message.relayState, err
}

func (x *exchange) logoutAnswered(
	ctx context.Context, message *node, browserHandle string, now time.Time,
) (LogoutMessage, error) {
	if err := x.checkLogoutHead(message, "LogoutResponse", now); err != nil {
		return LogoutMessage{}, err
	}
	req, err := x.awaited(ctx, message.attr("InResponseTo"), browserHandle, PurposeLogout, now)
	if err != nil {
		return LogoutMessage{}, err
	}
	success, second, err := statusOf(message)
	if err != nil {
		return LogoutMessage{}, err
	}
	if err := x.useUp(ctx, req.ID, message.attr("ID"), now.Add(2*maxIssueAge)); err != nil {
		return LogoutMessage{}, err
	}
	return LogoutMessage{Partial: !success || second == "PartialLogout", Next: Outgoing{URL: req.ReturnTo}}, nil
}

func (x *exchange) logoutRequested(
	ctx context.Context, message *node, relayState string, now time.Time,
) (LogoutMessage, error) {
	if err := x.checkLogoutHead(message, "LogoutRequest", now); err != nil {
		return LogoutMessage{}, err
	}
	end, err := optionalTimeAttr(message, "NotOnOrAfter")
	if err != nil {
		return LogoutMessage{}, err
	}
	if !end.IsZero() && !now.Add(-x.cfg.Skew).Before(end) {
		return LogoutMessage{}, expired("LogoutRequest: no longer valid")
	}
	result := LogoutMessage{Requested: true}
	name, err := message.one(nsAssertion, "NameID")
	if err != nil {
		return LogoutMessage{}, err
	}
	if result.NameID, err = readNameID(name); err != nil {
		return LogoutMessage{}, err
	}
	for _, index := range message.all(nsProtocol, "SessionIndex") {
		text, err := index.leaf()
		if err != nil {
			return LogoutMessage{}, err
		}
		result.SessionIndexes = append(result.SessionIndexes, text)
	}
	key := hash(x.idp.entityID, message.attr("ID"))
	if err := x.store.RememberMessage(ctx, key, now.Add(2*maxIssueAge)); errors.Is(err, ErrUsed) {
		return LogoutMessage{}, &Error{Kind: KindReplayed, detail: "LogoutRequest was used before"}
	} else if err != nil {
		return LogoutMessage{}, unavailable("logout cannot be recorded", err)
	}
	result.Next, err = x.logoutResponse(message.attr("ID"), relayState, now)
	return result, err
}

// checkLogoutHead is stricter than for logins: logout messages must say who sent them and
// to whom, and hold nothing but their own elements.
func (x *exchange) checkLogoutHead(message *node, local string, now time.Time) error {
	if err := x.checkHead(message, local, x.logoutURL(), now); err != nil {
		return err
	}
	if _, err := readIssuer(message); err != nil {
		return err
	}
	if message.attr("Destination") == "" {
		return invalid("%s: no destination", local)
	}
	for _, child := range message.children {
		known := child.is(nsAssertion, "Issuer") || child.is(nsProtocol, "Status") ||
			child.is(nsAssertion, "NameID") || child.is(nsProtocol, "SessionIndex") ||
			child.is(nsProtocol, "Extensions")
		if !known {
			return invalid("%s: unexpected child element", local)
		}
	}
	return nil
}

func (x *exchange) logoutResponse(inResponseTo, relayState string, now time.Time) (Outgoing, error) {
	if x.idp.sloResponse.url == "" {
		return Outgoing{}, nil
	}
	message := crewjam.LogoutResponse{
		ID: newID(), InResponseTo: inResponseTo, Version: "2.0", IssueInstant: now,
		Destination: x.idp.sloResponse.url, Issuer: x.issuer(),
		Status: crewjam.Status{StatusCode: crewjam.StatusCode{Value: statusPrefix + "Success"}},
	}
	return x.send(x.idp.sloResponse, paramResponse, message.Element(), relayState)
}
