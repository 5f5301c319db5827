package diagnose

import (
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// textCase is a case of testdata/diagnose: an input, and the lines that somebody expects of it.
type textCase struct {
	name, input string
	want        []string
}

func textCases(t testing.TB) (cases []textCase) {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/diagnose/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			want, input, ok := strings.Cut(strings.ReplaceAll(string(f.Data), "\r\n", "\n"), "\n\n")
			if !ok {
				t.Fatalf("%s: %s has no input", path, f.Name)
			}
			cases = append(cases, textCase{f.Name, strings.TrimSuffix(input, "\n"), strings.Split(want, "\n")})
		}
	}
	return cases
}

// describe returns what was found, in the words of a case: of the details those that the case names.
func describe(d *Diagnosis, want []string) (lines []string) {
	for i, a := range d.Answers {
		from, to := span(want, i)
		lines = append(lines, "cause "+string(a.Causes[0])+" "+string(a.Sure))
		alternatives := slices.ContainsFunc(want[from:to], func(s string) bool { return strings.HasPrefix(s, "or ") })
		if alternatives {
			var or []string
			for _, c := range a.Causes[1:] {
				or = append(or, "or "+string(c))
			}
			order := func(s string) int { return slices.Index(want, s) }
			slices.SortStableFunc(or, func(x, y string) int { return order(x) - order(y) })
			lines = append(lines, or...)
		}
		f := a.Facts
		for _, line := range want[from:to] {
			word, _, _ := strings.Cut(line, " ")
			value, ok := map[string]string{
				"action": f.Action, "resource": f.Resource, "role": f.Role, "account": f.Account, "partition": f.Partition, "region": f.Region, "image": f.Image,
				"key": f.Key, "parameter": f.Parameter, "file": f.File, "principal": f.Principal, "messages": strconv.Itoa(len(a.Messages)),
			}[word]
			if ok {
				lines = append(lines, word+" "+value)
			}
		}
	}
	if len(d.Answers) == 0 {
		lines = append(lines, "unknown")
	}
	return lines
}

// span returns which of the lines are about the answer with that index.
func span(want []string, index int) (from, to int) {
	n := -1
	for i, line := range want {
		if strings.HasPrefix(line, "cause ") {
			if n++; n == index {
				from = i
			} else if n == index+1 {
				return from, i
			}
		}
	}
	if n < index {
		return len(want), len(want)
	}
	return from, len(want)
}

func TestMessages(t *testing.T) {
	cases := textCases(t)
	if len(cases) < 100 {
		t.Errorf("%d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list, err := Read("input", []byte(c.input))
			if c.want[0] == "nothing" {
				if !errors.Is(err, errNothing) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			d := Diagnose(list, Options{})
			if diff := cmp.Diff(c.want, describe(d, c.want)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
