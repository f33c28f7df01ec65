package figures

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// Format is how visits are written. The zero value is invalid.
type Format string

// The formats.
const (
	AsCSV  Format = "csv"
	AsJSON Format = "json" // a list of objects with the columns' keys
)

// Send answers with the visits that each tells, one after the other, so that a year is never in memory.
// The answer begins with the first of them: a refusal before it is returned as the error that it is.
// When each fails later, the answer is broken off, so that nobody takes half a file for a whole one.
func Send(c *gin.Context, q scheduler.StatisticsQuery, as Format, each func(tell func(measure.Fact) error) error) error {
	s := sender{c: c, q: q, as: as, columns: VisitColumns()}

	if err := each(s.send); err != nil {
		if !s.begun {
			return err
		}

		panic(http.ErrAbortHandler)
	}

	return s.finish()
}

type sender struct {
	c       *gin.Context
	q       scheduler.StatisticsQuery
	as      Format
	columns []VisitColumn
	begun   bool
	out     *csv.Writer
}

func (s *sender) begin() error {
	kind := "application/json; charset=utf-8"
	if s.as == AsCSV {
		kind = "text/csv; charset=utf-8"
	}

	s.begun = true
	s.c.Header("Content-Type", kind)
	s.c.Header("Cache-Control", "no-store")
	s.c.Header("Content-Disposition", fmt.Sprintf(`attachment; filename="besoeg-%s-%s.%s"`, s.q.From, s.q.To, s.as))
	s.c.Status(http.StatusOK)

	if s.as == AsJSON {
		return s.write("[")
	}

	var err error
	if s.out, err = NewCSV(s.c.Writer); err != nil {
		return gone(err)
	}

	return gone(s.out.Write(VisitHeader()))
}

func (s *sender) send(f measure.Fact) error {
	first := !s.begun
	if first {
		if err := s.begin(); err != nil {
			return err
		}
	}

	if s.as == AsCSV {
		return gone(s.out.Write(VisitLine(s.columns, f)))
	}

	object := make(map[string]string, len(s.columns))
	for _, c := range s.columns {
		object[c.Key] = c.Plain(f)
	}

	data, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("a visit as JSON: %w", err)
	}

	if first {
		return s.write("\n" + string(data))
	}

	return s.write(",\n" + string(data))
}

func (s *sender) finish() error {
	if !s.begun {
		if err := s.begin(); err != nil {
			return err
		}
	}

	if s.as == AsCSV {
		s.out.Flush()

		return nil
	}

	return s.write("\n]\n")
}

func (s *sender) write(text string) error {
	_, err := s.c.Writer.WriteString(text)

	return gone(err)
}

// gone: whoever asked does not listen any more.
func gone(err error) error {
	if err == nil {
		return nil
	}

	return &care.Error{Kind: care.Unavailable, Message: "Forbindelsen blev afbrudt.", Err: err}
}
