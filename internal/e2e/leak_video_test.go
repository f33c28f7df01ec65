package e2e_test

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// fromPlatform adds what the video platform knows: PINs, links and addresses of rooms, and what
// we proved there who we are with.
func (w *walked) fromPlatform(out secrets) {
	w.tb.Helper()

	if w.World.Pexip != nil {
		for _, r := range w.World.Pexip.Rooms() {
			out.add(pin, r.PIN, r.GuestPIN)
			out.add(room, r.Aliases...)
		}

		for _, r := range w.World.Pexip.Requests() {
			out.add(token, credential(r.Authorization))
		}

		return
	}

	for _, r := range w.World.VDX.Rooms() {
		out.add(pin, strconv.Itoa(r.HostPIN), strconv.Itoa(r.GuestPIN))
		out.add(room, r.PortalLink, r.ShortLink)
		out.add(dialIn, r.URIWithDomain)
	}

	for _, r := range w.World.VDX.Requests() {
		out.add(token, credential(r.Authorization))

		if r.Op == vdxsim.OpSession { // the assertion of the STS
			out.add(token, r.Body)
		}
	}
}

// credential is an Authorization header without its scheme: Bearer or Holder-of-key.
func credential(header string) string {
	_, value, _ := strings.Cut(header, " ")

	return value
}

// keyFiles are the files with keys and passwords of the video platform and what belongs to it.
func (w *walked) keyFiles() []string {
	w.tb.Helper()

	switch {
	case w.World.Pexip != nil:
		return []string{"pexip.key", "hook.secret", "sms.key", "testby/rooms.key"}
	case len(w.World.VDX.Files().Clients) > 0:
		file, err := filepath.Rel(w.World.Dir, w.World.VDX.Files().Clients[0].Key)
		if err != nil {
			w.tb.Fatal(err)
		}

		return []string{file}
	default:
		return []string{"vdx.secret"}
	}
}

func (w *walked) searchPlatform(known secrets) {
	if w.World.Pexip != nil {
		w.searchNode(known)

		return
	}

	for _, r := range w.World.VDX.Rooms() {
		text := strings.Join(append([]string{r.Subject, r.Description, r.ProjectCode, r.ExternalID, r.Organizer}, r.Labels...), "\n")
		w.search(known, place{name: "room", text: []byte(text)})
	}

	for _, r := range w.World.VDX.Requests() {
		if r.API == "portal" {
			continue // people's own browsers
		}

		w.search(known, place{name: "address of " + r.Op, text: []byte(r.Method + " " + r.Path + "?" + r.Query + "\n" + r.RequestID + "\n" + r.ContentType), exempt: roomsAddress(r.API)})

		var exempt []kind

		switch r.Op {
		case vdxsim.OpMeetingCreate:
			exempt = []kind{pin, code}
		case vdxsim.OpSMSSend:
			exempt = []kind{phone, locator, code, pin}
		case vdxsim.OpToken:
			exempt = []kind{key}
		case vdxsim.OpSession:
			exempt = []kind{token}
		}

		w.search(known, place{name: "body of " + r.Op, text: []byte(r.Body), exempt: exempt})
	}
}

// searchNode looks at what an own Pexip was told. The request that makes a room holds its PINs
// and its addresses.
func (w *walked) searchNode(known secrets) {
	for _, r := range w.World.Pexip.Rooms() {
		w.search(known, place{name: "room", text: []byte(r.Name + "\n" + r.Tag)})
	}

	for _, r := range w.World.Pexip.Requests() {
		if r.Op == pexipsim.OpWebApp {
			continue // people's own browsers
		}

		w.search(known, place{name: "address of " + r.Op, text: []byte(r.Method + " " + r.Path + "?" + r.Query + "\n" + r.RequestID + "\n" + r.ContentType)})

		var exempt []kind
		if r.Op == pexipsim.OpConferenceCreate {
			exempt = []kind{pin, code, room}
		}

		w.search(known, place{name: "body of " + r.Op, text: []byte(r.Body), exempt: exempt})
	}
}

// roomsAddress exempts a room's dial-in address in questions about the room's history.
func roomsAddress(api string) []kind {
	if api == "history" {
		return []kind{dialIn}
	}

	return nil
}
