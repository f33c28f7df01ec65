// Package api is the REST API, version 1, described by the hand-kept openapi.yaml beside it,
// which is served at /api/v1/openapi.yaml.
//
// The caller is the employee of the session cookie; every answer is for that employee's eyes.
// Bodies are JSON with snake_case names, times are RFC 3339 with the offset of Europe/Copenhagen,
// ids are opaque. CPR numbers are masked; PINs, links, tokens, telephone numbers and e-mail
// addresses of citizens are in no answer, and neither are the comments of the care record, because
// people write all of these there.
//
// Input is read strictly, since the caller is a program and a program's typing error must not
// become an import or a conversion: unknown and repeated fields and parameters, nulls, other
// content types and unknown words are refused with a Danish sentence that names the field.
// Errors are problem documents (RFC 9457), written by internal/web.
package api
