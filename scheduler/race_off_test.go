//go:build !race

package scheduler_test

// modelRuns is how often the model is played by default.
const modelRuns = "15"

// sleepy says that the program sleeps through much of an outage, for the same reason.
const sleepy = false

// chainSeeds is with how many seeds the record chain is played, for the same reason.
const chainSeeds = 3
