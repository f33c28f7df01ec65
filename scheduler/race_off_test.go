//go:build !race

package scheduler_test

// modelRuns is how often the model is played by default.
const modelRuns = "15"
