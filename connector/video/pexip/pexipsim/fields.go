package pexipsim

import "slices"

// The kinds of a field's value, by the names of the schema's type.
const (
	kindText    = "string"
	kindInteger = "integer"
	kindFloat   = "float"
	kindBool    = "boolean"
	kindTime    = "datetime"
	kindRelated = "related" // the URI of one object
	kindList    = "list"    // a list: of URIs when to is set, else of anything
)

// field is one member of a resource: what the schema tells and what the platform checks.
type field struct {
	name, kind string
	help       string
	def        any // default; nil is null
	min, max   int // characters of a text, bounds of an integer; max 0 is no bound
	choices    []string
	to         string // resource behind a URI
	nullable   bool
	readonly   bool
	required   bool
	unique     bool
	secret     bool // taken and never shown
	nested     bool // a related object is shown whole
	ops        []string
	sortable   bool
}

// The operators of filters, by kind of value.
func textOps() []string {
	return []string{
		"exact", "iexact", "in", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith",
		"regex", "iregex",
	}
}

func orderOps() []string { return []string{"exact", "in", "gt", "gte", "lt", "lte"} }

func text(name string, longest int) field {
	return field{name: name, kind: kindText, def: "", max: longest, ops: textOps(), sortable: true}
}

func oneOf(name, def string, choices ...string) field {
	return field{name: name, kind: kindText, def: def, choices: choices, ops: textOps(), sortable: true}
}

// perhaps is a text that is null unless it is one of the choices.
func perhaps(name string, choices ...string) field {
	return field{name: name, kind: kindText, choices: choices, nullable: true, ops: textOps()}
}

func integer(name string, def any, low, high int) field {
	return field{name: name, kind: kindInteger, def: def, min: low, max: high, nullable: def == nil, ops: orderOps(), sortable: true}
}

func flag(name string, def bool) field {
	return field{name: name, kind: kindBool, def: def, ops: []string{"exact"}}
}

func at(name string) field {
	return field{name: name, kind: kindTime, nullable: true, ops: orderOps(), sortable: true}
}

func link(name, to string) field {
	return field{name: name, kind: kindRelated, to: to, nullable: true, ops: []string{"exact"}}
}

func links(name, to string) field {
	return field{name: name, kind: kindList, to: to, def: []any{}}
}

func (f field) needed() field { f.required = true; return f }
func (f field) single() field { f.unique = true; return f }
func (f field) fixed() field  { f.readonly = true; return f }
func (f field) hidden() field { f.secret, f.ops = true, nil; return f }
func (f field) whole() field  { f.nested = true; return f }
func (f field) nofind() field { f.ops = nil; return f }
func (f field) maybe() field  { f.nullable, f.def = true, nil; return f }

// spec describes a resource of any section.
type spec struct {
	section, name string
	fields        []field
	byName        map[string]*field
	list, detail  []string // allowed methods
	singleton     bool
}

func newSpec(section, name string, fields []field) *spec {
	return &spec{section: section, name: name, fields: fields}
}

// methods sets what the schema allows on the collection and on one object.
func (s *spec) methods(list, detail []string) *spec {
	s.list, s.detail = list, detail
	return s
}

// index prepares lookups, leaving out what Options.Without names.
func (s *spec) index(without []string) {
	path := s.section + "/" + s.name
	kept := s.fields[:0:0]
	for _, f := range s.fields {
		if slices.Contains(without, path+"/"+f.name) {
			continue
		}
		if slices.Contains(without, path+"?"+f.name) {
			f.ops = nil
		}
		f.ops = slices.DeleteFunc(f.ops, func(op string) bool { return slices.Contains(without, path+"?"+f.name+"__"+op) })
		kept = append(kept, f)
	}
	s.fields = kept
	s.byName = make(map[string]*field, len(kept))
	for i := range s.fields {
		s.byName[s.fields[i].name] = &s.fields[i]
	}
}

func (s *spec) path() string { return "/api/admin/" + s.section + "/v1/" + s.name + "/" }

// schema is what GET …/schema/ tells (§1.1).
func (s *spec) schema() map[string]any {
	fields := make(map[string]any, len(s.fields)+1)
	filtering := make(map[string]any)
	var ordering []string
	for _, f := range s.fields {
		about := map[string]any{
			"blank": !f.required, "default": f.shownDefault(), "help_text": f.help, "nullable": f.nullable,
			"readonly": f.readonly, "type": f.kind, "unique": f.unique,
		}
		if f.to != "" {
			about["type"], about["related_type"] = kindRelated, "to_one"
			if f.kind == kindList {
				about["related_type"] = "to_many"
			}
		}
		if len(f.choices) > 0 {
			about["valid_choices"] = f.choices
		}
		fields[f.name] = about
		if len(f.ops) > 0 {
			filtering[f.name] = f.ops
		}
		if f.sortable {
			ordering = append(ordering, f.name)
		}
	}
	return map[string]any{
		"fields": fields, "filtering": filtering, "ordering": ordering, "default_format": "application/json",
		"default_limit": defaultLimit, "allowed_list_http_methods": s.list, "allowed_detail_http_methods": s.detail,
	}
}

func (f field) shownDefault() any {
	switch {
	case f.required:
		return "No default provided."
	case f.def == nil:
		return nil
	}
	return f.def
}
