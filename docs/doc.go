// Package docs holds no code, only the test that keeps the documentation true: links, anchors,
// paths, commands, metrics, job kinds, pictures and the state diagram of a visit.
package docs
