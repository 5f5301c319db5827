package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/execrole/execrole/testdata/golden"
)

// configSchema returns the JSON schema of the configuration file, made of the flags.
func configSchema() []byte {
	type m = map[string]any
	properties := m{}
	keys, all := configurable(), newFlags(generateCommand())
	all.AddFlagSet(newFlags(checkCommand()))
	all.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(keys, f.Name) {
			return
		}
		if f.Name == "config" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		p := m{"description": strings.ReplaceAll(usage, "\n", " ")}
		list := m{"type": "array", "items": m{"type": []string{"string", "number"}}}
		switch {
		case f.Value.Type() == "bool":
			p["type"] = "boolean"
		case f.Value.Type() == "stringArray" && strings.Contains(value, "="):
			p["oneOf"] = []m{list, {"type": "object", "additionalProperties": m{"type": []string{"string", "number", "boolean"}}}, {"type": []string{"string", "number"}}}
		case f.Value.Type() == "stringArray":
			p["oneOf"] = []m{list, {"type": []string{"string", "number"}}}
		case f.NoOptDefVal != "":
			p["type"] = []string{"boolean", "string", "number"}
		default:
			p["type"] = []string{"string", "number"}
		}
		properties[f.Name] = p
	})
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	e.Encode(m{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "execrole.yaml",
		"description": "Options of execrole: each key is the name of a flag of execrole generate or check.",
		"type":        "object", "additionalProperties": false, "properties": properties,
	})
	return b.Bytes()
}

// TestConfigSchema keeps docs/config.schema.json equal to the flags; -update writes it.
func TestConfigSchema(t *testing.T) {
	path := filepath.Join(root, "docs", "config.schema.json")
	if *golden.Update {
		if err := os.WriteFile(path, configSchema(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(file), string(configSchema())); diff != "" {
		t.Errorf("docs/config.schema.json is stale: go test ./cmd/execrole -update (-file +flags):\n%s", diff)
	}
}
