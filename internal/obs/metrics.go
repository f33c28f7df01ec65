package obs

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what the program does. No label holds a person, a visit or a free text.
type Metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.HistogramVec
	jobs     *prometheus.HistogramVec
	backlog  *prometheus.GaugeVec
}

// NewMetrics makes the counters.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sluse_outbound_seconds", Help: "Duration of calls to outside systems, by outcome.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2.5, 10),
		}, []string{"municipality", "system", "op", "outcome"}),
		jobs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sluse_job_seconds", Help: "Duration of jobs, by outcome.", Buckets: prometheus.ExponentialBuckets(0.002, 3, 10),
		}, []string{"municipality", "kind", "outcome"}),
		backlog: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "sluse_jobs_waiting", Help: "Jobs that are due and not done, by queue.",
		}, []string{"municipality", "queue"}),
	}
	m.registry.MustRegister(m.calls, m.jobs, m.backlog, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	return m
}

// Handler serves the metrics in Prometheus' format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Call records one call to an outside system; outcome is "ok" or a connector kind.
func (m *Metrics) Call(municipality, system, op, outcome string, seconds float64) {
	m.calls.WithLabelValues(municipality, system, op, outcome).Observe(seconds)
}

// Job records one run of a job; outcome is "ok" or a connector kind.
func (m *Metrics) Job(municipality, kind, outcome string, took time.Duration) {
	m.jobs.WithLabelValues(municipality, kind, outcome).Observe(took.Seconds())
}

// Registry takes further metrics, for example those of web requests.
func (m *Metrics) Registry() prometheus.Registerer { return m.registry }

// Waiting sets how many jobs wait in a queue.
func (m *Metrics) Waiting(municipality, queue string, jobs int) {
	m.backlog.WithLabelValues(municipality, queue).Set(float64(jobs))
}
