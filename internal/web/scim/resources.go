package scim

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// attributeOf returns the values of an attribute of a person for filters; nil: not filtered by.
func attributeOf(e care.Employee) func(string) []string {
	return func(name string) []string {
		switch name {
		case "id":
			return []string{string(e.ID)}
		case "username":
			return []string{e.Login}
		case "externalid":
			return []string{e.ExternalID}
		case "displayname", "name.formatted":
			return []string{e.Name}
		case "emails":
			return []string{e.Email.Reveal()}
		case "active":
			return []string{strconv.FormatBool(e.Active)}
		}

		return nil
	}
}

// users lists people.
func (s *Server) users(c *gin.Context) error {
	var (
		q          directory.Query
		conditions []condition
		err        error
	)

	if filter, given := c.GetQuery("filter"); given {
		if conditions, err = parseFilter(filter); err != nil {
			return err
		}
	}

	for _, one := range conditions { // found by key; the rest is compared below
		switch one.attribute {
		case "username":
			q.Login = one.value
		case "externalid":
			q.ExternalID = one.value
		case "id":
			q.IDs = []care.EmployeeID{care.EmployeeID(one.value)}
		}
	}

	all, err := s.use.People(c.Request.Context(), q)
	if err != nil {
		return err
	}

	// Also for nobody: a filter that is not understood is refused, not answered with none.
	if _, err := matches(conditions, attributeOf(care.Employee{})); err != nil {
		return err
	}

	found := make([]care.Employee, 0, len(all))

	for _, e := range all {
		if ok, _ := matches(conditions, attributeOf(e)); ok {
			found = append(found, e)
		}
	}

	return list(c, found, s.userOf)
}

func (s *Server) user(c *gin.Context) error {
	e, err := s.use.Person(c.Request.Context(), care.EmployeeID(c.Param("user")))
	if err != nil {
		return err
	}

	return s.answer(c, http.StatusOK, e.Version, s.userOf(e))
}

func (s *Server) addUser(c *gin.Context) error {
	u, err := readUser(c)
	if err != nil {
		return err
	}

	var p directory.Person

	u.fill(&p)

	e, err := s.use.AddPerson(c.Request.Context(), idOf(u, s.key), p)
	if err != nil {
		return err
	}

	return s.answer(c, http.StatusCreated, e.Version, s.userOf(e))
}

func readUser(c *gin.Context) (user, error) {
	var u user

	data, err := read(c)
	if err == nil {
		err = decode(data, &u)
	}

	return u, err
}

func (s *Server) putUser(c *gin.Context) error {
	u, err := readUser(c)
	if err != nil {
		return err
	}

	return s.changeUser(c, func(p *directory.Person) error {
		u.fill(p)

		return nil
	})
}

func (s *Server) patchUser(c *gin.Context) error {
	data, err := read(c)
	if err != nil {
		return err
	}

	edits, err := parsePatch(data)
	if err != nil {
		return err
	}

	return s.changeUser(c, func(p *directory.Person) error { return patchPerson(p, edits) })
}

func (s *Server) changeUser(c *gin.Context, change func(*directory.Person) error) error {
	version, err := demanded(c)
	if err != nil {
		return err
	}

	e, err := s.use.ChangePerson(c.Request.Context(), care.EmployeeID(c.Param("user")), version, change)
	if err != nil {
		return outdated(err, version)
	}

	return s.answer(c, http.StatusOK, e.Version, s.userOf(e))
}

func (s *Server) removeUser(c *gin.Context) error {
	version, err := demanded(c)
	if err != nil {
		return err
	}

	if err := s.use.RemovePerson(c.Request.Context(), care.EmployeeID(c.Param("user")), version); err != nil {
		return outdated(err, version)
	}

	c.Status(http.StatusNoContent)

	return nil
}

// groupAttribute returns the values of an attribute of a group for filters; nil: not filtered by.
func groupAttribute(g directory.Group) func(string) []string {
	return func(name string) []string {
		switch name {
		case "id":
			return []string{g.ID}
		case "displayname":
			return []string{g.Name}
		case "externalid":
			return []string{g.ExternalID}
		case "members":
			out := make([]string, 0, len(g.Members))
			for _, m := range g.Members {
				out = append(out, string(m))
			}

			return out
		}

		return nil
	}
}

// groups lists groups.
func (s *Server) groups(c *gin.Context) error {
	var conditions []condition

	if filter, given := c.GetQuery("filter"); given {
		var err error
		if conditions, err = parseFilter(filter); err != nil {
			return err
		}
	}

	if _, err := matches(conditions, groupAttribute(directory.Group{})); err != nil {
		return err
	}

	all, err := s.use.Groups(c.Request.Context())
	if err != nil {
		return err
	}

	found := make([]directory.Group, 0, len(all))

	for _, g := range all {
		if ok, _ := matches(conditions, groupAttribute(g)); ok {
			found = append(found, g)
		}
	}

	return list(c, found, s.groupOf)
}

func (s *Server) group(c *gin.Context) error {
	g, err := s.use.Group(c.Request.Context(), c.Param("group"))
	if err != nil {
		return err
	}

	return s.answer(c, http.StatusOK, g.Version, s.groupOf(g))
}

func readGroup(c *gin.Context) (directory.Group, error) {
	var g group

	data, err := read(c)
	if err == nil {
		err = decode(data, &g)
	}

	out := directory.Group{Name: strings.TrimSpace(g.DisplayName), ExternalID: g.ExternalID}
	for _, m := range g.Members {
		out.Members = append(out.Members, care.EmployeeID(m.Value))
	}

	return out, err
}

func (s *Server) addGroup(c *gin.Context) error {
	g, err := readGroup(c)
	if err != nil {
		return err
	}

	if g, err = s.use.AddGroup(c.Request.Context(), g); err != nil {
		return err
	}

	return s.answer(c, http.StatusCreated, g.Version, s.groupOf(g))
}

func (s *Server) putGroup(c *gin.Context) error {
	wanted, err := readGroup(c)
	if err != nil {
		return err
	}

	return s.changeGroup(c, func(g *directory.Group) error {
		g.Name, g.ExternalID, g.Members = wanted.Name, wanted.ExternalID, wanted.Members

		return nil
	})
}

func (s *Server) patchGroup(c *gin.Context) error {
	data, err := read(c)
	if err != nil {
		return err
	}

	edits, err := parsePatch(data)
	if err != nil {
		return err
	}

	return s.changeGroup(c, func(g *directory.Group) error { return patchGroup(g, edits) })
}

func (s *Server) changeGroup(c *gin.Context, change func(*directory.Group) error) error {
	version, err := demanded(c)
	if err != nil {
		return err
	}

	g, err := s.use.ChangeGroup(c.Request.Context(), c.Param("group"), version, change)
	if err != nil {
		return outdated(err, version)
	}

	return s.answer(c, http.StatusOK, g.Version, s.groupOf(g))
}

func (s *Server) removeGroup(c *gin.Context) error {
	version, err := demanded(c)
	if err != nil {
		return err
	}

	if err := s.use.RemoveGroup(c.Request.Context(), c.Param("group"), version); err != nil {
		return outdated(err, version)
	}

	c.Status(http.StatusNoContent)

	return nil
}
