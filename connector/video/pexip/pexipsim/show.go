package pexipsim

import (
	"strconv"
	"time"
)

// show is an object as GET writes it.
func (c *config) show(sp *spec, o *object) map[string]any {
	out := make(map[string]any, len(sp.fields))
	for _, f := range sp.fields {
		if !f.secret {
			out[f.name] = c.showField(sp, f, o)
		}
	}
	return out
}

func (c *config) showField(sp *spec, f field, o *object) any {
	switch {
	case f.name == "resource_uri":
		return sp.uri(o.id)
	case sp.name == resConference && f.name == "aliases":
		list := []any{}
		for _, a := range c.aliasesOf(o.id) {
			shown := c.show(c.specs[resAlias], a)
			delete(shown, "resource_uri")
			list = append(list, shown)
		}
		return list
	case sp.name == resTheme && f.name == "conference":
		return []any{}
	}
	switch v := o.values[f.name].(type) {
	case time.Time:
		return wireTime(v)
	case int:
		if f.kind == kindRelated {
			return c.showReference(f, v)
		}
		return v
	case []any:
		if f.to == "" {
			return v
		}
		list := make([]any, 0, len(v))
		for _, item := range v {
			if n, ok := item.(int); ok {
				list = append(list, c.specs[f.to].uri(n))
			}
		}
		return list
	default:
		return v
	}
}

func (c *config) showReference(f field, id int) any {
	t := c.tables[f.to]
	if t == nil || t.objects[id] == nil {
		return nil
	}
	if f.nested {
		return c.show(t.spec, t.objects[id])
	}
	return t.spec.uri(id)
}

func (s *spec) uri(id int) string { return s.path() + strconv.Itoa(id) + "/" }
