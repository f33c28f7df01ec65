// Package join is the citizen's way into a screen visit: the page behind the link, the one-time
// code, the waiting room and the door to the room.
//
//	GET  /b/{locator}  a neutral page; nothing changes, because scanners fetch links
//	POST /b/{locator}  makes a session in a cookie and takes the locator out of the address bar
//	GET  /b            the page of the stage the visit is at
//	POST /b/kode       asks for a one-time code
//	POST /b/svar       tries a one-time code
//	POST /b/ind        leads an admitted citizen to the room
//	POST /b/eid/{key}  sends the browser to an identity provider; GET /b/eid/{key}/svar and POST
//	                   /saml/borger/acs take the answers
//	GET  /b/anden      tells somebody that the link is not theirs
//	POST /b/log-af     ends the session that a login left at the provider
//	GET  /b/nu         server-sent events: tells when the stage changes
//	GET  /skaerm       where a visit code is typed, when messages hold no links
//	POST /skaerm       tries a visit code
//	     /b/enhed…     has this browser remembered, and comes back with it
//	     /tavle…       the municipality's tablets on citizens' tables
//
// No page shows or titles a name, a service or a unit (K27). Links that are unknown, overtaken
// or ended are looked up and answered on the same path with the same template, so that they
// can't be told apart by form or time (identity.md §5.1).
package join
