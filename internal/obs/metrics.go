package obs

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sluse/sluse/connector"
)

// Metrics counts what the program does. No label holds a person, a visit or a free text.
type Metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.HistogramVec
	jobs     *prometheus.HistogramVec
	backlog  *prometheus.GaugeVec
	systems  *prometheus.GaugeVec
	ends     *prometheus.GaugeVec
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
		systems: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "sluse_system_health", Help: "How this process finds an outside system: down (1 or 0), refused (1 or 0), in_flight, waiting, limit (calls at once), p95_seconds, last_success_timestamp_seconds.",
		}, []string{"municipality", "role", "system", "what"}),
		ends: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "sluse_login_certificate_end_timestamp_seconds", Help: "When a certificate that a login depends on ends: our own or the identity provider's.",
		}, []string{"municipality", "login", "whose", "fingerprint"}),
	}
	m.registry.MustRegister(m.calls, m.jobs, m.backlog, m.systems, m.ends, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

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

// System sets how this process finds an outside system.
func (m *Metrics) System(municipality string, h connector.Health) {
	is := func(state connector.HealthState) float64 {
		if h.State == state {
			return 1
		}

		return 0
	}

	for what, value := range map[string]float64{
		"down": is(connector.Down), "refused": is(connector.Refused), "in_flight": float64(h.InFlight), "waiting": float64(h.Waiting),
		"limit": float64(h.Limit), "p95_seconds": h.P95.Seconds(), "last_success_timestamp_seconds": seconds(h.LastSuccess),
	} {
		m.systems.WithLabelValues(municipality, string(h.Role), h.System, what).Set(value)
	}
}

// CertificateEnd is when a certificate that a login depends on ends.
type CertificateEnd struct {
	Own         bool   // ours; else the identity provider's
	Fingerprint string // the beginning of its SHA-256
	At          time.Time
}

// LoginCertificates sets the certificates of one login in place of those told before.
func (m *Metrics) LoginCertificates(municipality, login string, ends []CertificateEnd) {
	m.ends.DeletePartialMatch(prometheus.Labels{"municipality": municipality, "login": login})

	for _, e := range ends {
		whose := "provider"
		if e.Own {
			whose = "own"
		}

		m.ends.WithLabelValues(municipality, login, whose, e.Fingerprint).Set(seconds(e.At))
	}
}

// seconds is a time as Prometheus counts it; 0 for never.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}

	return float64(t.UnixMilli()) / 1000
}

// Registry takes further metrics, for example those of web requests.
func (m *Metrics) Registry() prometheus.Registerer { return m.registry }

// Waiting sets how many jobs wait in a queue.
func (m *Metrics) Waiting(municipality, queue string, jobs int) {
	m.backlog.WithLabelValues(municipality, queue).Set(float64(jobs))
}
