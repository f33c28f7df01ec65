// Package emergency is the use cases of emergency access: how an employee comes in while the
// municipality's identity provider is down (C24, M11).
//
// While logged in an employee makes a code for themselves and keeps it on paper. In an emergency two
// different employees type their ids and codes on one screen, with a reason; one of them has to be
// allowed to approve. The first gets a session of at most an hour with what the directory says they
// may do, never as an administrator. Both codes are used up. Every audit row of that session is
// marked, and the administrators have a notice until one of them, who took no part, signs it off.
//
// Whatever is wrong, the answer and the work that it costs are the same: it does not tell whether an
// employee exists, has a code, or may approve.
package emergency
