package vdxsim

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

func views() []string {
	return []string{
		"one_main_zero_pips", "one_main_seven_pips", "one_main_twentyone_pips", "two_mains_twentyone_pips",
		"four_mains_zero_pips", "five_mains_seven_pips", "one_main_thirtythree_pips", "nine_mains_zero_pips",
		"sixteen_mains_zero_pips", "twentyfive_mains_zero_pips",
	}
}

// decodeCreate reads a create-meeting body (§1.5).
func decodeCreate(raw []byte, d dialect, strict bool) (newMeeting, *problem) {
	b, p := readBody(raw, d)
	if p != nil {
		return newMeeting{}, p
	}
	in := newMeeting{guestMicrophone: "on"}
	b.required("subject", "startTime", "endTime")
	pick(&in.subject, b.text("subject", 100))
	pick(&in.start, b.instant("startTime"))
	pick(&in.end, b.instant("endTime"))
	in.description = b.text("description", 500)
	in.projectCode = b.text("projectCode", 100)
	in.externalID = b.text("externalId", 200)
	in.organizedBy = nonEmpty(b.column("organizedByEmail", 100))
	decodeCreateOptions(b, &in)
	if id := b.uuid("uuid"); id != nil {
		in.uuid = *id
	}
	in.reservation = b.uuid("schedulingInfoReservationId")
	pick(&in.labels, b.labels(true))
	pick(&in.info, b.info())
	if d == v1 {
		b.nullBreaks("additionalInformation")
	}
	in.layout = decodeLayout(b)
	in.customURI = b.text("uriWithoutDomain", 100)
	pick(&in.hostPIN, b.pin("hostPin"))
	pick(&in.guestPIN, b.pin("guestPin"))
	in.callType = b.column("callType", 64)
	return in, b.verdict(strict)
}

func decodeCreateOptions(b *body, in *newMeeting) {
	if n := value[int32](b, "maxParticipants"); n != nil {
		in.maxParticipants = int(*n)
	}
	if b.dialect == v2 { // a primitive in v1, where null is 0
		b.nullBreaks("maxParticipants")
	}
	in.endOnEndTime = value[bool](b, "endMeetingOnEndTime")
	in.template = value[int64](b, "schedulingTemplateId")
	kind := b.oneOf("meetingType", "NORMAL", "POOL")
	in.pool = kind != nil && *kind == "POOL"
	pick(&in.guestMicrophone, b.oneOf("guestMicrophone", "on", "off", "muted"))
	pick(&in.guestPINRequired, value[bool](b, "guestPinRequired"))
	if b.dialect == v2 {
		b.nullBreaks("guestPinRequired")
	}
}

func decodeLayout(b *body) layoutWish {
	return layoutWish{
		vmrType:                b.oneOf("vmrType", "conference", "lecture"),
		hostView:               b.oneOf("hostView", views()...),
		guestView:              b.oneOf("guestView", views()...),
		vmrQuality:             b.oneOf("vmrQuality", "sd", "hd", "fullhd"),
		enableOverlayText:      value[bool](b, "enableOverlayText"),
		guestsCanPresent:       value[bool](b, "guestsCanPresent"),
		forcePresenterIntoMain: value[bool](b, "forcePresenterIntoMain"),
		forceEncryption:        value[bool](b, "forceEncryption"),
		muteAllGuests:          value[bool](b, "muteAllGuests"),
	}
}

// nonEmpty: an empty organizedByEmail counts as not given (release note 0.3.1 of yaml2).
func nonEmpty(s *string) *string {
	if s != nil && *s == "" {
		return nil
	}
	return s
}

// uuid reads a UUID; anything else is unreadable.
func (b *body) uuid(name string) *string {
	v := value[string](b, name)
	if v == nil {
		return nil
	}
	id, ok := parseUUID(*v)
	if !ok {
		b.bad = first(b.bad, unreadable("JSON parse error: "+name+" is not a UUID"))
		return nil
	}
	return &id
}

// parseUUID takes the 8-4-4-4-12 form in any case and gives lower case.
func parseUUID(s string) (string, bool) {
	if len(s) != 36 {
		return "", false
	}
	s = strings.ToLower(s)
	for i, c := range s {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || (!dash && !strings.ContainsRune("0123456789abcdef", c)) {
			return "", false
		}
	}
	return s, true
}

// decodePut reads an update-meeting body: a replace of exactly these fields (§1.6).
func decodePut(raw []byte, d dialect, strict bool) (change, *problem) {
	b, p := readBody(raw, d)
	if p != nil {
		return change{}, p
	}
	c := change{put: true, labels: &[]string{}, info: &[]keyValue{}}
	b.required("subject", "startTime", "endTime")
	decodeBooking(b, &c)
	pick(&c.labels, wrap(b.labels(true)))
	pick(&c.info, wrap(b.info()))
	return c, b.verdict(strict)
}

// wrap turns "absent" into "leave the default".
func wrap[T any](v *T) **T {
	if v == nil {
		return nil
	}
	return &v
}

// decodePatch reads a patch-meeting body. In v2 null and absent are the same; in v1 null
// clears, except where it is refused or breaks the service (§1.6).
func decodePatch(raw []byte, d dialect, strict bool) (change, *problem) {
	b, p := readBody(raw, d)
	if p != nil {
		return change{}, p
	}
	b.nullsMean = d == v1
	var c change
	decodeBooking(b, &c)
	c.labels = emptied(b, "labels", b.labels(false))
	c.info = emptied(b, "additionalInformation", b.info())
	c.guestMicrophone = b.oneOf("guestMicrophone", "on", "off", "muted")
	c.guestPINRequired = value[bool](b, "guestPinRequired")
	c.callType = emptied(b, "callType", b.column("callType", 64))
	if d == v2 {
		c.hostPIN, c.guestPIN = b.pin("hostPin"), b.pin("guestPin")
		return c, b.verdict(strict)
	}
	c.hostPIN = emptied(b, "hostPin", value[int](b, "hostPin")) // the range is not checked in v1
	c.guestPIN = emptied(b, "guestPin", value[int](b, "guestPin"))
	b.nullBreaks("guestMicrophone")
	for _, name := range []string{"subject", "startTime", "endTime"} {
		if b.cleared(name) {
			c.refusal = breach(ruleRequiredNull)
		}
	}
	return c, b.verdict(strict)
}

func decodeBooking(b *body, c *change) {
	c.subject = b.text("subject", 100)
	c.start = b.instant("startTime")
	c.end = b.instant("endTime")
	c.description = b.nullable("description", 500)
	c.projectCode = b.nullable("projectCode", 100)
	c.organizedBy = nonEmpty(b.column("organizedByEmail", 100))
}
