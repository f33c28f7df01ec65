package e2e_test

import (
	"regexp"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr/fhir/fhirsim"
)

var link = regexp.MustCompile(`https?://\S+/b/([A-Za-z0-9_-]+)`)

// checkConverted asserts, by the peers' histories, that exactly so many visits were converted,
// each once.
func (c *town) checkConverted(visits int) {
	c.tb.Helper()
	c.checkRooms(visits)
	c.checkInvitations(visits)

	totals := c.FHIR.Totals()
	if totals.Planned != visits || totals.Visits != visits || totals.Results+totals.Restored != 0 {
		c.tb.Errorf("the record has %d visits with %d planned, %d result and %d restored entries, want %d planned", totals.Visits, totals.Planned, totals.Results, totals.Restored, visits)
	}

	if totals.DuplicateEntries+totals.DuplicateResources != 0 {
		c.tb.Errorf("%d doubled entries, %d doubled resources", totals.DuplicateEntries, totals.DuplicateResources)
	}

	rooms := map[string]bool{}
	for _, r := range c.VDX.Rooms() {
		rooms[r.UUID] = true
	}

	for _, v := range c.FHIR.Visits() {
		if !rooms[v.Meeting] {
			c.tb.Errorf("the record names a room that is no other visit's or does not exist: %q", v.Meeting)
		}

		delete(rooms, v.Meeting)

		if len(v.Entries) != 1 {
			c.tb.Errorf("a visit has %d entries", len(v.Entries))
		}
	}
}

func (c *town) checkRooms(visits int) {
	c.tb.Helper()

	counts := c.VDX.Counts()
	if counts.RoomsEver != visits || counts.RoomsLive != visits || counts.DuplicateRooms != 0 {
		c.tb.Errorf("%d rooms ever, %d live, %d doubled; want %d, each once", counts.RoomsEver, counts.RoomsLive, counts.DuplicateRooms, visits)
	}
}

func (c *town) checkInvitations(visits int) {
	c.tb.Helper()

	perRoom, perCitizen, locators := map[string]int{}, map[string]int{}, map[string]bool{}

	for _, sms := range c.VDX.SMS() {
		found := link.FindStringSubmatch(sms.Text)
		if found == nil || locators[found[1]] {
			c.tb.Errorf("an SMS is no invitation, or holds another one's link: %s", link.ReplaceAllString(sms.Text, "(link)"))

			continue
		}

		locators[found[1]] = true
		perRoom[sms.RoomUUID]++
		perCitizen[c.phones[sms.To]]++
	}

	for _, n := range perRoom {
		if n != 1 {
			c.tb.Errorf("%d invitations for one room", n)
		}
	}

	if len(perRoom) != visits {
		c.tb.Errorf("%d rooms with an invitation, want %d", len(perRoom), visits)
	}

	if visits == 60 {
		if diff := cmp.Diff(c.visits, perCitizen); diff != "" {
			c.tb.Errorf("invitations per citizen (-want +got):\n%s", diff)
		}
	}
}

// checkUndone asserts that nothing is left of a conversion: no room stands, whoever was invited
// was told once, afterwards, that it does not hold, and the record is as it was.
func (c *town) checkUndone(visits int) {
	c.tb.Helper()

	counts := c.VDX.Counts()
	if counts.RoomsLive != 0 || counts.RoomsEver > visits || counts.DuplicateRooms != 0 {
		c.tb.Errorf("%d rooms stand, %d were made for %d visits, %d doubled", counts.RoomsLive, counts.RoomsEver, visits, counts.DuplicateRooms)
	}

	perRoom := map[string]string{} // what was sent, in order: i for an invitation, w for a withdrawal

	for _, sms := range c.VDX.SMS() {
		word := "w"
		if link.MatchString(sms.Text) {
			word = "i"
		}

		perRoom[sms.RoomUUID] += word
	}

	told := 0

	for _, r := range c.VDX.Rooms() {
		switch perRoom[r.UUID] {
		case "":
		case "iw":
			told++
		default:
			c.tb.Errorf("the messages of a room are %q, want an invitation and its withdrawal", perRoom[r.UUID])
		}
	}

	if counts.SMSAfterCancel != 0 {
		c.tb.Errorf("%d messages after their room was closed", counts.SMSAfterCancel)
	}

	totals := c.FHIR.Totals()
	if totals.Planned != totals.Restored || totals.DuplicateEntries+totals.DuplicateResources != 0 || totals.Results != 0 {
		c.tb.Errorf("the record: %+v", totals)
	}

	for _, v := range c.FHIR.Visits() {
		if n := len(v.Entries); n != 2 || v.Entries[0].Kind != fhirsim.Planned || v.Entries[1].Kind != fhirsim.Restored {
			c.tb.Errorf("a visit's entries are %+v", v.Entries)
		}
	}

	c.tb.Logf("undone: %d rooms made, %d citizens invited and told, %d entries restored", counts.RoomsEver, told, totals.Restored)
}
