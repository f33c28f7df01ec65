package ui

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// Directory is what the pages of employees and units call. Errors are *care.Error.
type Directory interface {
	Employees(ctx context.Context, actor care.Actor, q directory.Search) ([]directory.EmployeeView, error)
	Employee(ctx context.Context, actor care.Actor, id care.EmployeeID) (directory.EmployeeView, error)
	SaveEmployee(ctx context.Context, actor care.Actor, req directory.EmployeeRequest) error
	MarkLeft(ctx context.Context, actor care.Actor, id care.EmployeeID, version int) error
	MarkBack(ctx context.Context, actor care.Actor, id care.EmployeeID, version int) error
	Undo(ctx context.Context, actor care.Actor, id care.EmployeeID, version, now int) error
	UnitTree(ctx context.Context, actor care.Actor) ([]directory.UnitView, error)
	PreviewFile(ctx context.Context, actor care.Actor, kind directory.ImportKind, f directory.File) (directory.Preview, error)
	PreviewUpload(ctx context.Context, actor care.Actor, upload string) (directory.Preview, error)
	ImportUpload(ctx context.Context, actor care.Actor, upload string, endMissing bool) (directory.Preview, error)
}

// directoryRoutes are the pages of employees and units, and of who is linked with a citizen.
func (p *Pages) directoryRoutes() []route.Route {
	links := append(p.linkRoutes(), p.findRoutes()...)
	if p.Directory == nil {
		return links
	}

	get, post := http.MethodGet, http.MethodPost
	manage := route.Needs(care.ManageDirectory).Fresh()

	return append(links,
		route.Route{Method: get, Path: "/administration/medarbejdere", Access: manage, Handle: p.employees},
		route.Route{Method: get, Path: "/administration/medarbejdere/:medarbejder", Access: manage, Handle: p.employee},
		route.Route{Method: post, Path: "/administration/medarbejdere", Access: manage, Handle: p.addEmployee},
		route.Route{Method: post, Path: "/administration/medarbejdere/:medarbejder", Access: manage, Handle: p.changeEmployee},
		route.Route{Method: post, Path: "/administration/medarbejdere/:medarbejder/fratraed", Access: manage, Handle: p.markLeft},
		route.Route{Method: post, Path: "/administration/medarbejdere/:medarbejder/giv-adgang", Access: manage, Handle: p.markBack},
		route.Route{Method: post, Path: "/administration/medarbejdere/:medarbejder/fortryd", Access: manage, Handle: p.undoEmployee},
		route.Route{Method: get, Path: "/administration/ny-medarbejder", Access: manage, Handle: p.newEmployee},
		route.Route{Method: get, Path: "/administration/enheder", Access: manage, Handle: p.units},
		route.Route{Method: get, Path: "/administration/borgere", Access: manage, Handle: p.citizenFiles},
		route.Route{Method: post, Path: "/administration/filer", Access: manage, Handle: p.uploadDirectory, Body: maxUpload},
		route.Route{Method: get, Path: "/administration/filer/:fil", Access: manage, Handle: p.previewDirectory},
		route.Route{Method: post, Path: "/administration/filer/:fil", Access: manage, Handle: p.importDirectory},
	)
}

// employeesPage is the list of employees.
type employeesPage struct {
	Search directory.Search
	Units  []directory.UnitView
	All    []directory.EmployeeView
	Every  bool // the reader manages all units and so may upload files
	Error  string
}

// employees lists employees.
func (p *Pages) employees(c *gin.Context) error { return p.showEmployees(c, http.StatusOK, "") }

func (p *Pages) showEmployees(c *gin.Context, status int, problem string) error {
	ctx, actor := c.Request.Context(), route.Actor(c)
	body := employeesPage{
		Search: directory.Search{Text: short(c.Query("navn")), Unit: care.UnitID(c.Query("enhed")), Left: c.Query("vis") == "fratraadte"},
		Every:  actor.May(care.ManageDirectory, care.EveryUnit), Error: problem,
	}

	var err error
	if body.Units, err = p.Directory.UnitTree(ctx, actor); err != nil {
		return err
	}

	if body.All, err = p.Directory.Employees(ctx, actor, body.Search); err != nil {
		return err
	}

	return p.showStatus(c, status, "medarbejdere", "Medarbejdere", body)
}

// employeePage is one employee, or the form of a new one.
type employeePage struct {
	directory.EmployeeView

	New   bool
	Form  employeeForm
	Units []directory.UnitView
	Roles []care.Role
	Error string
}

// employeeForm is what was typed.
type employeeForm struct {
	ID, Name, Email, From, To string
	Grants                    []care.Grant
}

// UnitName returns the name of a unit; its id when there is no such unit any more.
func (b employeePage) UnitName(id care.UnitID) string { return unitName(b.Units, id) }

// unitName returns the name of a unit; its id when there is no such unit any more.
func unitName(units []directory.UnitView, id care.UnitID) string {
	if id == care.EveryUnit {
		return "Alle enheder"
	}

	if i := slices.IndexFunc(units, func(u directory.UnitView) bool { return u.ID == id }); i >= 0 {
		return units[i].Name
	}

	return string(id) + " (findes ikke længere)"
}

// Fixed are the roles that this page can't change: they come from files and SCIM.
func (b employeePage) Fixed() []care.Assignment {
	var out []care.Assignment

	for _, a := range b.Grants {
		if a.Source != care.FromHand {
			out = append(out, a)
		}
	}

	for _, g := range b.By {
		out = append(out, care.Assignment{Grant: g, Source: care.FromSCIM})
	}

	return out
}

// More are the empty rows in which roles can be added.
func (b employeePage) More() []int { return []int{1, 2, 3} }

// URL is the employee's page.
func (b employeePage) URL() string { return employeeURL(b.ID) }

func employeeURL(id care.EmployeeID) string {
	return "/administration/medarbejdere/" + url.PathEscape(string(id))
}

// employee shows one employee.
func (p *Pages) employee(c *gin.Context) error { return p.showEmployee(c, http.StatusOK, nil, "") }

func (p *Pages) showEmployee(c *gin.Context, status int, typed *employeeForm, problem string) error {
	ctx, actor := c.Request.Context(), route.Actor(c)

	view, err := p.Directory.Employee(ctx, actor, care.EmployeeID(c.Param("medarbejder")))
	if err != nil {
		return err
	}

	body := employeePage{EmployeeView: view, Error: problem, Roles: care.Roles()}
	body.Form = employeeForm{
		ID: string(view.ID), Name: view.Name, Email: view.Email.Reveal(), From: string(view.StartsOn), To: string(view.EndsOn), Grants: view.GrantsFrom(care.FromHand),
	}

	if typed != nil {
		body.Form = *typed
	}

	if body.Units, err = p.Directory.UnitTree(ctx, actor); err != nil {
		return err
	}

	return p.showStatus(c, status, "medarbejder", "Medarbejder", body)
}

// newEmployee shows the form of a new employee.
func (p *Pages) newEmployee(c *gin.Context) error {
	return p.showNew(c, http.StatusOK, employeeForm{}, "")
}

func (p *Pages) showNew(c *gin.Context, status int, typed employeeForm, problem string) error {
	units, err := p.Directory.UnitTree(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	return p.showStatus(c, status, "medarbejder", "Ny medarbejder", employeePage{New: true, Form: typed, Units: units, Roles: care.Roles(), Error: problem})
}

func typedEmployee(c *gin.Context) (employeeForm, directory.EmployeeRequest) {
	f := employeeForm{
		ID: short(c.PostForm("initialer")), Name: short(c.PostForm("navn")), Email: short(c.PostForm("mail")), From: short(c.PostForm("fra")), To: short(c.PostForm("til")),
	}

	for _, kept := range c.PostFormArray("rolle") {
		if role, unit, ok := strings.Cut(kept, ":"); ok {
			f.Grants = append(f.Grants, care.Grant{Unit: care.UnitID(unit), Role: care.Role(role)})
		}
	}

	units := c.PostFormArray("ny-enhed")

	for i, role := range c.PostFormArray("ny-rolle") {
		if i < len(units) && (role != "" || units[i] != "") {
			f.Grants = append(f.Grants, care.Grant{Unit: care.UnitID(units[i]), Role: care.Role(role)})
		}
	}

	return f, directory.EmployeeRequest{
		ID: care.EmployeeID(f.ID), Version: number(c, "version"), Name: f.Name, Email: f.Email, StartsOn: f.From, EndsOn: f.To, Grants: f.Grants,
	}
}

// number reads a number of a form; 0 for none.
func number(c *gin.Context, key string) int {
	n, err := strconv.Atoi(c.PostForm(key))
	if err != nil {
		return 0
	}

	return n
}

// addEmployee stores a new employee.
func (p *Pages) addEmployee(c *gin.Context) error {
	typed, req := typedEmployee(c)
	req.Version = 0

	err := p.Directory.SaveEmployee(c.Request.Context(), route.Actor(c), req)
	if care.KindOf(err) == care.Invalid {
		return p.showNew(c, http.StatusUnprocessableEntity, typed, care.MessageOf(err))
	}

	return p.after(c, err, employeeURL(req.ID)+"?besked=medarbejder")
}

// changeEmployee stores what was changed of an employee.
func (p *Pages) changeEmployee(c *gin.Context) error {
	typed, req := typedEmployee(c)
	req.ID = care.EmployeeID(c.Param("medarbejder"))
	req.Version = max(1, req.Version) // a form without a version is an old one

	err := p.Directory.SaveEmployee(c.Request.Context(), route.Actor(c), req)
	if care.KindOf(err) == care.Invalid {
		return p.showEmployee(c, http.StatusUnprocessableEntity, &typed, care.MessageOf(err))
	}

	return p.after(c, err, employeeURL(req.ID)+"?besked=medarbejder")
}

// told shows a refusal that the reader can do something about on the employee's page.
func (p *Pages) told(c *gin.Context, err error, key string) error {
	if care.KindOf(err) == care.Conflict {
		return p.showEmployee(c, http.StatusConflict, nil, care.MessageOf(err))
	}

	return p.after(c, err, employeeURL(care.EmployeeID(c.Param("medarbejder")))+"?besked="+key)
}

// markLeft ends an employee's access.
func (p *Pages) markLeft(c *gin.Context) error {
	err := p.Directory.MarkLeft(c.Request.Context(), route.Actor(c), care.EmployeeID(c.Param("medarbejder")), number(c, "version"))

	return p.told(c, err, "fratraadt")
}

// markBack gives an employee access again.
func (p *Pages) markBack(c *gin.Context) error {
	err := p.Directory.MarkBack(c.Request.Context(), route.Actor(c), care.EmployeeID(c.Param("medarbejder")), number(c, "version"))

	return p.told(c, err, "adgang")
}

// undoEmployee takes a change back.
func (p *Pages) undoEmployee(c *gin.Context) error {
	err := p.Directory.Undo(c.Request.Context(), route.Actor(c), care.EmployeeID(c.Param("medarbejder")), number(c, "aendring"), number(c, "version"))

	return p.told(c, err, "medarbejder")
}

// unitsPage is the tree of units.
type unitsPage struct {
	Units []directory.UnitView
	Every bool
	Error string
}

// units shows the tree.
func (p *Pages) units(c *gin.Context) error { return p.showUnits(c, http.StatusOK, "") }

func (p *Pages) showUnits(c *gin.Context, status int, problem string) error {
	actor := route.Actor(c)

	units, err := p.Directory.UnitTree(c.Request.Context(), actor)
	if err != nil {
		return err
	}

	return p.showStatus(c, status, "enheder", "Enheder", unitsPage{Units: units, Every: actor.May(care.ManageDirectory, care.EveryUnit), Error: problem})
}

// citizenFilesPage is where a file of citizens is uploaded.
type citizenFilesPage struct {
	Every bool
	Error string
}

// citizenFiles asks for a file of citizens.
func (p *Pages) citizenFiles(c *gin.Context) error { return p.showCitizenFiles(c, http.StatusOK, "") }

func (p *Pages) showCitizenFiles(c *gin.Context, status int, problem string) error {
	body := citizenFilesPage{Every: route.Actor(c).May(care.ManageDirectory, care.EveryUnit), Error: problem}

	return p.showStatus(c, status, "borgerfil", "Borgere fra fil", body)
}

// uploadDirectory takes a file of employees, units or citizens and leads to its preview. Nothing changes yet.
func (p *Pages) uploadDirectory(c *gin.Context) error {
	file, err := readUpload(c)

	kind, show := directory.ImportEmployees, p.showEmployees

	switch c.PostForm("slags") {
	case "enheder":
		kind, show = directory.ImportUnits, p.showUnits
	case "borgere":
		kind, show = directory.ImportCitizens, p.showCitizenFiles
	}

	if err == nil {
		var preview directory.Preview
		if preview, err = p.Directory.PreviewFile(c.Request.Context(), route.Actor(c), kind, directory.File(file)); err == nil {
			return goTo(c, "/administration/filer/"+url.PathEscape(preview.Upload))
		}
	}

	if care.KindOf(err) == care.Invalid {
		return show(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return err
}

// shownLines is how many changes and problems of a file a page lists: a municipality has ten thousand
// citizens.
const shownLines = 500

// filePage is what an import of employees, units or citizens would do.
type filePage struct {
	directory.Preview

	Error string
}

// Kinds are the kinds of changes in the order in which they are shown.
func (filePage) Kinds() []directory.ChangeKind {
	return []directory.ChangeKind{directory.ChangeGone, directory.ChangeNew, directory.ChangeChanged}
}

// Mark is how a kind of change is shown.
func (b filePage) Mark(k directory.ChangeKind) mark {
	if b.Citizens() && k == directory.ChangeGone {
		return mark{"Står ikke i filen", "warn", "minus"}
	}

	return recordChange(k)
}

// Citizens reports whether the file is about citizens.
func (b filePage) Citizens() bool { return b.Kind == directory.ImportCitizens }

// Changes is how many changes an import makes without being asked for more.
func (b filePage) Changes() int {
	if b.Citizens() {
		return len(b.Lines) - b.Count(directory.ChangeGone)
	}

	return len(b.Lines)
}

// Missing is how many citizens are in the file no longer.
func (b filePage) Missing() int {
	if b.Citizens() {
		return b.Count(directory.ChangeGone)
	}

	return 0
}

// First are the changes that are listed.
func (b filePage) First() []directory.Line { return b.Lines[:min(len(b.Lines), shownLines)] }

// More is how many changes are not listed.
func (b filePage) More() int { return len(b.Lines) - len(b.First()) }

// FirstProblems are the problems that are listed.
func (b filePage) FirstProblems() []directory.Problem {
	return b.Problems[:min(len(b.Problems), shownLines)]
}

// MoreProblems is how many problems are not listed.
func (b filePage) MoreProblems() int { return len(b.Problems) - len(b.FirstProblems()) }

// Back leads to the list that the file is about.
func (b filePage) Back() string {
	switch b.Kind {
	case directory.ImportUnits:
		return "/administration/enheder"
	case directory.ImportCitizens:
		return "/administration/borgere"
	case directory.ImportEmployees:
	}

	return "/administration/medarbejdere"
}

// previewDirectory shows what an import would do.
func (p *Pages) previewDirectory(c *gin.Context) error { return p.showFile(c, http.StatusOK, "") }

func (p *Pages) showFile(c *gin.Context, status int, problem string) error {
	preview, err := p.Directory.PreviewUpload(c.Request.Context(), route.Actor(c), c.Param("fil"))
	if err != nil {
		return err
	}

	return p.showStatus(c, status, "kartotekfil", "Det sker der ved indlæsning", filePage{Preview: preview, Error: problem})
}

// importDirectory imports the file.
func (p *Pages) importDirectory(c *gin.Context) error {
	done, err := p.Directory.ImportUpload(c.Request.Context(), route.Actor(c), c.Param("fil"), c.PostForm("afslut") != "")

	switch care.KindOf(err) { //nolint:exhaustive // the others are no matter of the file
	case care.Invalid:
		return p.showFile(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	case care.Conflict:
		return p.showFile(c, http.StatusConflict, care.MessageOf(err))
	}

	return p.after(c, err, filePage{Preview: done}.Back()+"?besked=indlaest")
}

// recordChange is how a change of the directory is shown.
func recordChange(k directory.ChangeKind) mark {
	switch k {
	case directory.ChangeGone:
		return mark{"Fjernes", "bad", "error"}
	case directory.ChangeNew:
		return mark{"Ny", "ok", "plus"}
	case directory.ChangeChanged:
		return mark{"Ændres", "warn", "edit"}
	}

	return mark{}
}

// worksOf is whether an employee works here.
func worksOf(e directory.EmployeeView) mark {
	switch {
	case !e.Active:
		return mark{"Fratrådt", "bad", "error"}
	case !e.Works:
		return mark{"Ikke ansat i dag", "warn", "time"}
	default:
		return mark{"Har adgang", "ok", "check"}
	}
}

// indent sets a unit in below the one above it.
func indent(depth int) string { return strings.Repeat("\u2003", depth) }
