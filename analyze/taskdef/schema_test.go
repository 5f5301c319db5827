package taskdef

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"go/format"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

//go:generate go test -run TestSchemaIsTheSDKs -update

var update = flag.Bool("update", false, "write the table of schemas anew, from the SDK; then TestEveryLeafIsKnown names what is new")

// kinds has the kind of each type of the SDK's schemas that a task definition contains.
var kinds = map[smithy.ShapeType]kind{
	smithy.ShapeTypeBoolean:   boolean,
	smithy.ShapeTypeByte:      integer,
	smithy.ShapeTypeShort:     integer,
	smithy.ShapeTypeInteger:   integer,
	smithy.ShapeTypeLong:      integer,
	smithy.ShapeTypeIntEnum:   integer,
	smithy.ShapeTypeFloat:     number,
	smithy.ShapeTypeDouble:    number,
	smithy.ShapeTypeString:    text,
	smithy.ShapeTypeEnum:      enumeration,
	smithy.ShapeTypeTimestamp: timestamp,
	smithy.ShapeTypeList:      list,
	smithy.ShapeTypeSet:       list,
	smithy.ShapeTypeMap:       mapping,
	smithy.ShapeTypeStructure: structure,
	smithy.ShapeTypeUnion:     union,
}

// TestSchemaIsTheSDKs compares the table of schemas with those of the SDK, member by member and value by value. A new
// version of the SDK can have new fields. With -update it writes the table from the SDK.
func TestSchemaIsTheSDKs(t *testing.T) {
	enumerations := map[string][]string{}
	findEnumerations(reflect.TypeFor[types.TaskDefinition](), enumerations)
	if *update {
		if err := os.WriteFile("schema_table.go", schemaTable(t, enumerations), 0o644); err != nil {
			t.Fatal(err)
		}
		return // the table that was compiled is the old one
	}
	compared := 0
	var compare func(path string, s *schema, sdk ...*smithy.Schema)
	compare = func(path string, s *schema, sdk ...*smithy.Schema) {
		compared++
		var names []string
		for _, sdk := range sdk {
			if want, ok := kinds[sdk.Type()]; !ok || s.kind != want {
				t.Errorf("%s has the kind %d; in the SDK it has the type %d", path, s.kind, sdk.Type())
				return
			}
			switch s.kind {
			case structure, union:
				names = slices.AppendSeq(names, maps.Keys(sdk.Members()))
			case list:
				compare(path+"[]", s.element, sdk.ListMember())
			case mapping:
				if key := sdk.MapKey().Type(); key != smithy.ShapeTypeString {
					t.Errorf("the keys of %s have the type %d", path, key)
				}
				compare(path+".*", s.element, sdk.MapValue())
			case enumeration:
				if want := enumerations[shapeName(sdk)]; len(want) != len(sdk.Members()) || !slices.Equal(s.values, want) {
					t.Errorf("%s has the values %q; in the SDK it has %q", path, s.values, want)
				}
			}
		}
		slices.Sort(names)
		if names = slices.Compact(names); !slices.Equal(s.names(), names) {
			t.Errorf("%s has the members %q; in the SDK it has %q", path, s.names(), names)
			return
		}
		for _, m := range s.members {
			for _, sdk := range sdk {
				if member := sdk.Member(m.name); member != nil {
					compare(path+"."+m.name, m.schema, member)
				}
			}
		}
	}
	compare("the task definition", &schemaRoot, roots...)
	if t.Failed() {
		t.Log("to take what the SDK has, run: go generate ./analyze/taskdef")
	}
	if compared < 300 {
		t.Errorf("only %d schemas were compared", compared)
	}
}

// roots are what describing a task definition prints, and what registering one takes.
var roots = []*smithy.Schema{schemas.TaskDefinition, schemas.RegisterTaskDefinitionRequest}

// shapeName returns the name of the shape that a schema describes. Members and elements have the name of their type.
func shapeName(s *smithy.Schema) string { return cmp.Or(s.TargetID().Name, s.ID().Name) }

// findEnumerations finds the values of the enumerations in a type of the SDK, by the name of their type.
func findEnumerations(t reflect.Type, found map[string][]string) {
	if values := reflect.New(t).Elem().MethodByName("Values"); values.IsValid() && t.Kind() == reflect.String {
		all := values.Call(nil)[0]
		names := make([]string, all.Len())
		for i := range names {
			names[i] = all.Index(i).String()
		}
		found[t.Name()] = names
		return
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		findEnumerations(t.Elem(), found)
	case reflect.Struct:
		if strings.HasPrefix(t.PkgPath(), "github.com/aws/") {
			for i := range t.NumField() {
				findEnumerations(t.Field(i).Type, found)
			}
		}
	}
}

// schemaTable returns the source of schema_table.go.
func schemaTable(t *testing.T, enumerations map[string][]string) []byte {
	shapes := map[string]*smithy.Schema{}
	var collect func(s *smithy.Schema)
	collect = func(s *smithy.Schema) {
		if shapes[shapeName(s)] != nil || shapeName(s) == "Unit" {
			return
		}
		shapes[shapeName(s)] = s
		for _, m := range s.Members() {
			collect(m)
		}
	}
	root := map[string]*smithy.Schema{}
	for _, r := range roots {
		for name, m := range r.Members() {
			collect(m)
			root[name] = m
		}
	}
	var b bytes.Buffer
	members := func(list map[string]*smithy.Schema) {
		b.WriteString(", members: []member{\n")
		for _, name := range slices.Sorted(maps.Keys(list)) {
			fmt.Fprintf(&b, "{%q, &schema%s},\n", name, shapeName(list[name]))
		}
		b.WriteString("}")
	}
	b.WriteString("// Code generated from the schemas of the AWS SDK by go generate; DO NOT EDIT.\n\npackage taskdef\n\n")
	b.WriteString("var schemaRoot = schema{kind: structure")
	members(root)
	b.WriteString("}\n\n// The other variables have the names that their types have in the API of ECS.\nvar (\n")
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		s := shapes[name]
		k, ok := kinds[s.Type()]
		if !ok {
			t.Fatalf("the SDK's %s has the type %d: teach bind what it is", name, s.Type())
		}
		fmt.Fprintf(&b, "schema%s = schema{kind: %s", name, kindNames[k])
		switch k {
		case structure, union:
			members(s.Members())
		case list:
			fmt.Fprintf(&b, ", element: &schema%s", shapeName(s.ListMember()))
		case mapping:
			fmt.Fprintf(&b, ", element: &schema%s", shapeName(s.MapValue()))
		case enumeration:
			b.WriteString(", values: []string{\n")
			for _, v := range enumerations[name] {
				fmt.Fprintf(&b, "%q,\n", v)
			}
			b.WriteString("}")
		}
		b.WriteString("}\n")
	}
	b.WriteString(")\n")
	src, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// kindNames are the names of the kinds in Go.
var kindNames = [...]string{
	boolean: "boolean", integer: "integer", number: "number", text: "text", enumeration: "enumeration",
	timestamp: "timestamp", list: "list", mapping: "mapping", structure: "structure", union: "union",
}
