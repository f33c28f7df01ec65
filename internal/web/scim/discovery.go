package scim

import (
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
)

// config tells what this server can do (RFC 7643 §5).
func (s *Server) config(c *gin.Context) error {
	yes, no := map[string]any{"supported": true}, map[string]any{"supported": false}

	return write(c, http.StatusOK, resource{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"patch":   yes, "etag": yes, "changePassword": no, "sort": no,
		"bulk":   map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter": map[string]any{"supported": true, "maxResults": maxPage},
		"authenticationSchemes": []map[string]any{{
			"type": "oauthbearertoken", "name": "Bearer token", "description": "A token that the municipality's administrator sets", "primary": true,
		}},
		"meta": map[string]any{"resourceType": "ServiceProviderConfig", "location": s.base + "/ServiceProviderConfig"},
	})
}

func (s *Server) types() []resource {
	one := func(name, endpoint, schema string) resource {
		return resource{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": name, "name": name, "endpoint": endpoint, "schema": schema,
			"meta": map[string]any{"resourceType": "ResourceType", "location": s.location("ResourceTypes", name)},
		}
	}

	person := one("User", "/Users", schemaUser)
	person["schemaExtensions"] = []map[string]any{{"schema": schemaEnterprise, "required": false}}

	return []resource{person, one("Group", "/Groups", schemaGroup)}
}

func (s *Server) resourceTypes(c *gin.Context) error {
	return list(c, s.types(), func(r resource) resource { return r })
}

func (s *Server) resourceType(c *gin.Context) error { return named(c, s.types(), c.Param("type")) }

func named(c *gin.Context, all []resource, id string) error {
	i := slices.IndexFunc(all, func(r resource) bool { return r["id"] == id })
	if i < 0 {
		return &problem{status: http.StatusNotFound, detail: "there is no such description"}
	}

	return write(c, http.StatusOK, all[i])
}

// attribute describes an attribute (RFC 7643 §7).
func attribute(name, kind string, more resource) resource {
	out := resource{
		"name": name, "type": kind, "multiValued": false, "required": false, "caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": "none",
	}
	maps.Copy(out, more)

	return out
}

func (s *Server) descriptions() []resource {
	one := func(urn, name string, attributes ...resource) resource {
		return resource{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, "id": urn, "name": name, "attributes": attributes,
			"meta": map[string]any{"resourceType": "Schema", "location": s.location("Schemas", urn)},
		}
	}

	required := resource{"required": true, "uniqueness": "server"}

	return []resource{
		one(schemaUser, "User",
			attribute("userName", "string", required),
			attribute("externalId", "string", resource{"caseExact": true}),
			attribute("displayName", "string", nil),
			attribute("active", "boolean", nil),
			attribute("name", "complex", resource{"subAttributes": []resource{
				attribute("formatted", "string", nil), attribute("givenName", "string", nil), attribute("familyName", "string", nil),
			}}),
			attribute("emails", "complex", resource{"multiValued": true, "subAttributes": []resource{
				attribute("value", "string", nil), attribute("type", "string", nil), attribute("primary", "boolean", nil),
			}})),
		one(schemaEnterprise, "EnterpriseUser", attribute("employeeNumber", "string", resource{"mutability": "immutable"})),
		one(schemaGroup, "Group",
			attribute("displayName", "string", required),
			attribute("externalId", "string", resource{"caseExact": true}),
			attribute("members", "complex", resource{"multiValued": true, "subAttributes": []resource{
				attribute("value", "string", resource{"mutability": "immutable"}), attribute("$ref", "reference", resource{"referenceTypes": []string{"User"}, "mutability": "immutable"}),
			}})),
	}
}

func (s *Server) schemas(c *gin.Context) error {
	return list(c, s.descriptions(), func(r resource) resource { return r })
}

func (s *Server) schema(c *gin.Context) error { return named(c, s.descriptions(), c.Param("schema")) }
