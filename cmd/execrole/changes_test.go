package main

import (
	"path/filepath"
	"testing"
)

func TestParentFolder(t *testing.T) {
	for _, c := range [][2]string{
		{"a", "."}, {"a/", "."}, {"./a", "."}, {"a/b", "a"}, {"a/b/", "a"}, {"a//b//", "a"}, {"a/../b", "a/.."},
		{"/a", "/"}, {"/a/b", "/a"}, {"/", "/"}, {"//a", "/"}, {"..", "."}, {"../a", ".."}, {".", "."},
	} {
		if got := parentFolder(filepath.FromSlash(c[0])); filepath.ToSlash(got) != c[1] {
			t.Errorf("%s: %s, want %s", c[0], got, c[1])
		}
	}
}
