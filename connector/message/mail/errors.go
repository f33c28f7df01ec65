package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"strconv"

	gomail "github.com/wneessen/go-mail"

	"github.com/sluse/sluse/connector"
)

// failure builds the error of a delivery. Its cause never comes from an answer to RCPT or
// DATA, where relays repeat the receiver's address: the codes are told alone.
func failure(kind connector.Kind, code string, cause error) *connector.Error {
	return &connector.Error{System: System, Op: "send", Kind: kind, Code: code, Err: cause}
}

// dialFailure classifies what went wrong before MAIL: nothing was sent. A refusal for good
// is a matter of our account or address (RFC 4954 §6, RFC 5321 §4.2).
func dialFailure(ctx context.Context, err error) *connector.Error {
	if ctx.Err() != nil {
		return failure(connector.Unavailable, "", ctx.Err())
	}

	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		kind := connector.Unavailable
		if answer.Code >= 500 {
			kind = connector.Unauthorized
		}

		return failure(kind, strconv.Itoa(answer.Code), fmt.Errorf("the relay answered %d before the letter", answer.Code))
	}

	return failure(connector.Unavailable, "", err)
}

// sendFailure classifies what went wrong from MAIL on.
func sendFailure(ctx context.Context, err error) *connector.Error {
	e, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return failure(connector.Unknown, "", errors.New("the delivery failed in an unknown way"))
	}

	code := ""
	if e.ErrorCode() != 0 {
		code = strconv.Itoa(e.ErrorCode())
	}

	cause := fmt.Errorf("%s: the connection was lost", e.Reason)

	switch {
	case ctx.Err() != nil:
		cause = fmt.Errorf("%s: %w", e.Reason, ctx.Err())
	case code != "":
		cause = fmt.Errorf("%s: the relay answered %s %s", e.Reason, code, e.EnhancedStatusCode())
	}

	return failure(sendKind(e), code, cause)
}

// sendKind says what the relay's answer means at each step. 4xx is a promise that nothing
// was taken (RFC 5321 §4.2.1); no answer at all means the same until the final dot is out,
// and nothing after it.
func sendKind(e *gomail.SendError) connector.Kind {
	code := e.ErrorCode()
	if code >= 400 && code < 500 {
		return connector.Unavailable
	}

	switch e.Reason {
	case gomail.ErrSMTPMailFrom:
		if code >= 500 {
			return connector.Unauthorized // our sender address or account, not this receiver
		}

		return connector.Unavailable
	case gomail.ErrSMTPRcptTo:
		switch {
		case code == 530: // authentication required (RFC 4954 §6)
			return connector.Unauthorized
		case code >= 500:
			return connector.Rejected
		}

		return connector.Unavailable
	case gomail.ErrSMTPData:
		if code >= 500 {
			return connector.Rejected
		}

		return connector.Unavailable
	case gomail.ErrSMTPDataClose:
		if code >= 500 {
			return connector.Rejected
		}

		return connector.Unknown
	case gomail.ErrWriteContent, gomail.ErrConnCheck:
		return connector.Unavailable // the final dot never left
	case gomail.ErrGetSender, gomail.ErrGetRcpts, gomail.ErrNoUnencoded:
		return connector.Rejected
	case gomail.ErrSMTPReset, gomail.ErrAmbiguous:
		return connector.Unknown
	}

	return connector.Unknown
}
