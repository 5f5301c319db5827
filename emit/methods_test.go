package emit

import (
	"reflect"
	"testing"
)

// TestTemplatesCallNoMethods: the data of templates has none that a template could call. The page is built without methods
// that only templates would call.
func TestTemplatesCallNoMethods(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var look func(typ reflect.Type)
	look = func(typ reflect.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		for _, with := range []reflect.Type{typ, reflect.PointerTo(typ)} {
			for i := range with.NumMethod() {
				t.Errorf("%s has the method %s: make it a field", with, with.Method(i).Name)
			}
		}
		switch typ.Kind() {
		case reflect.Slice, reflect.Pointer:
			look(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				look(typ.Field(i).Type)
			}
		}
	}
	look(reflect.TypeFor[cdkApp]())
	look(reflect.TypeFor[shScript]())
	if len(seen) < 10 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}
