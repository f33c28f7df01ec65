package saml

import (
	"context"
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"
)

const maxBodyBytes = 512 << 10

const statusPrefix = "urn:oasis:names:tc:SAML:2.0:status:"

// Callback finishes a login with the provider's POST to PathACS. The browser handle
// is the value in the browser's cookie, "" when there is none. It returns who it is and the local
// path the login was started for. The request is used up on success only, and a second
// call with the same message fails; the caller then makes a new session with a new cookie.
// Errors are *Error of any kind.
func (p *Provider) Callback(r *http.Request, browserHandle string) (who Principal, returnTo string, err error) {
	// The parsers below are not ours; a panic in one must not become more than a refusal.
	defer func() {
		if fault := recover(); fault != nil {
			who, returnTo, err = Principal{}, "", invalid("parser panicked: %T", fault)
		}
	}()
	message, err := postedMessage(r, paramResponse)
	if err != nil {
		return Principal{}, "", err
	}
	x, err := p.exchange()
	if err != nil {
		return Principal{}, "", err
	}
	return x.accept(r.Context(), message, browserHandle)
}

// accept takes the decoded Response through the steps listed in the package comment.
func (x *exchange) accept(ctx context.Context, message posted, browserHandle string) (Principal, string, error) {
	now := x.now().UTC()
	response, s, err := parseMessage(message.document)
	if err != nil {
		return Principal{}, "", err
	}
	if err := x.checkHead(response, "Response", x.acsURL(), now); err != nil {
		return Principal{}, "", err
	}
	req, err := x.awaited(ctx, response.attr("InResponseTo"), browserHandle, PurposeLogin, now)
	if err != nil {
		return Principal{}, "", err
	}
	if message.relayState != "" && message.relayState != req.RelayState {
		return Principal{}, "", invalid("RelayState: not the one that was sent")
	}
	if err := checkStatus(response, s); err != nil {
		return Principal{}, "", err
	}
	verified, encrypted, err := x.verifiedAssertion(response, s, now)
	if err != nil {
		return Principal{}, "", err
	}
	a, err := readAssertion(verified)
	if err != nil {
		return Principal{}, "", err
	}
	who, err := x.judge(a, req, encrypted, now)
	if err != nil {
		return Principal{}, "", err
	}
	if err := x.useUp(ctx, req.ID, a.id, now.Add(x.cfg.MaxValidity+maxIssueAge+2*x.cfg.Skew)); err != nil {
		return Principal{}, "", err
	}
	return who, req.ReturnTo, nil
}

// useUp marks request and message as used. The key is remembered for longer than any
// message of that age would be accepted.
func (x *exchange) useUp(ctx context.Context, requestID, messageID string, expires time.Time) error {
	err := x.store.CompleteRequest(ctx, requestID, hash(x.idp.entityID, messageID), expires)
	if errors.Is(err, ErrUsed) {
		return &Error{Kind: KindReplayed, detail: "request or message was used before"}
	}
	if err != nil {
		return unavailable("login cannot be completed", err)
	}
	return nil
}

// posted is a message that came by HTTP-POST.
type posted struct {
	document   []byte
	relayState string
}

// postedMessage reads a form with exactly one message field. Query parameters are not
// looked at.
func postedMessage(r *http.Request, param string) (posted, error) {
	if r.Method != http.MethodPost {
		return posted{}, invalid("transport: not a POST")
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil ||
		mediaType != "application/x-www-form-urlencoded" {
		return posted{}, invalid("transport: not a form")
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxBodyBytes)
	if err := r.ParseForm(); err != nil {
		return posted{}, invalid("transport: form too large or unreadable")
	}
	if len(r.PostForm[param]) != 1 || len(r.PostForm[paramRelayState]) > 1 {
		return posted{}, invalid("transport: not exactly one %s", param)
	}
	encoded := strings.Join(strings.Fields(r.PostForm.Get(param)), "")
	document, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return posted{}, invalid("transport: not base64")
	}
	return posted{document: document, relayState: r.PostForm.Get(paramRelayState)}, nil
}

// checkHead checks what every protocol message says about itself. These fields are
// usually unsigned; they sort out mistakes early and decide nothing.
func (x *exchange) checkHead(message *node, local, destination string, now time.Time) error {
	if !message.is(nsProtocol, local) || message.attr("Version") != "2.0" || !isNCName(message.attr("ID")) {
		return invalid("not a SAML 2.0 %s", local)
	}
	if to := message.attr("Destination"); to != "" && to != destination {
		return invalid("%s: for another destination", local)
	}
	if len(message.all(nsAssertion, "Issuer")) != 0 {
		issuer, err := readIssuer(message)
		if err != nil {
			return err
		}
		if issuer != x.idp.entityID {
			return invalid("%s: issued by another provider", local)
		}
	}
	issued, err := timeAttr(message, "IssueInstant")
	if err != nil {
		return err
	}
	if issued.After(now.Add(x.cfg.Skew)) {
		return invalid("%s: issued in the future", local)
	}
	if issued.Before(now.Add(-maxIssueAge)) {
		return expired("%s: issued too long ago", local)
	}
	return nil
}

// checkStatus passes a success with one assertion on and turns everything else into a
// refusal. A failure is unsigned, so it neither uses up the request nor brings any text
// of its own.
func checkStatus(response *node, s shape) error {
	success, second, err := statusOf(response)
	if err != nil {
		return err
	}
	if success && s.assertions == 1 {
		return nil
	}
	if success || s.assertions != 0 {
		return invalid("Response: status and assertion do not fit together")
	}
	reasons := map[string]Reason{
		"AuthnFailed":      ReasonAuthnFailed,
		"NoAuthnContext":   ReasonNoAuthnContext,
		"NoPassive":        ReasonNoPassive,
		"RequestDenied":    ReasonRequestDenied,
		"UnknownPrincipal": ReasonUnknownPrincipal,
	}
	reason, known := reasons[second]
	if !known {
		reason = ReasonProviderFault
	}
	return denied(reason, "the provider answered with a failure status")
}

// statusOf returns whether the status is success and, if it is one of SAML's, the
// second-level code without its prefix.
func statusOf(message *node) (success bool, second string, err error) {
	status, err := message.one(nsProtocol, "Status")
	if err != nil {
		return false, "", err
	}
	code, err := status.one(nsProtocol, "StatusCode")
	if err != nil {
		return false, "", err
	}
	if below, err := code.optional(nsProtocol, "StatusCode"); err != nil {
		return false, "", err
	} else if below != nil {
		second, _ = strings.CutPrefix(below.attr("Value"), statusPrefix)
	}
	return code.attr("Value") == statusPrefix+"Success", second, nil
}

// verifiedAssertion returns the assertion as it was signed. A signature on the Response
// is not enough and not needed, but if there is one it has to verify.
func (x *exchange) verifiedAssertion(response *node, s shape, now time.Time) (*node, bool, error) {
	if err := responseChildren(response); err != nil {
		return nil, false, err
	}
	plain := response.all(nsAssertion, "Assertion")
	encrypted := response.all(nsAssertion, "EncryptedAssertion")
	if len(plain)+len(encrypted) != 1 {
		return nil, false, invalid("Response: assertion in an unexpected place")
	}
	signed := len(response.all(nsDSig, "Signature")) > 0
	if len(plain) == 1 {
		if err := signaturesBelong(s, response, plain[0]); err != nil {
			return nil, false, err
		}
	} else if err := signaturesBelong(s, response); err != nil {
		return nil, false, err
	}
	if signed {
		// SAML bindings §3.5.5.2: a signed message has to say where it is meant to go.
		if response.attr("Destination") == "" {
			return nil, false, invalid("Response: signed and without destination")
		}
		verified, err := verifyElement(response, x.idp.certificates, now)
		if err != nil {
			return nil, false, err
		}
		response = verified
		plain = response.all(nsAssertion, "Assertion")
		encrypted = response.all(nsAssertion, "EncryptedAssertion")
	}
	if len(plain) == 1 {
		verified, err := verifyElement(plain[0], x.idp.certificates, now)
		return verified, false, err
	}
	if len(encrypted) != 1 {
		return nil, false, invalid("Response: assertion in an unexpected place")
	}
	verified, err := x.openAssertion(encrypted[0], now)
	return verified, true, err
}

// openAssertion decrypts with each of our keys, since the provider may still use the old
// one or the new one already, and verifies what one of them opens. Every failure is the
// same error.
func (x *exchange) openAssertion(encrypted *node, now time.Time) (*node, error) {
	for _, pair := range x.own {
		opened, inner, err := decryptAssertion(encrypted, pair.key, x.cfg.AllowCBC)
		if err != nil {
			continue
		}
		if err := signaturesBelong(inner, opened); err != nil {
			continue
		}
		if verified, err := verifyElement(opened, x.idp.certificates, now); err == nil {
			return verified, nil
		}
	}
	return nil, invalid("%v", errDecrypt)
}

// responseChildren refuses everything in a Response but the five elements a login needs.
func responseChildren(response *node) error {
	for _, child := range response.children {
		known := child.is(nsAssertion, "Issuer") || child.is(nsDSig, "Signature") ||
			child.is(nsProtocol, "Status") || child.is(nsAssertion, "Assertion") ||
			child.is(nsAssertion, "EncryptedAssertion")
		if !known {
			return invalid("Response: unexpected child element")
		}
	}
	return nil
}
