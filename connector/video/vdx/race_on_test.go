//go:build race

package vdx_test

// handshakes is how many seeds are told over mutual TLS, which the race detector makes slow.
const handshakes = 3
