//go:build !race

package vdx_test

// handshakes is how many seeds are told over mutual TLS.
const handshakes = 10
