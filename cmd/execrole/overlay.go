package main

import (
	"bytes"
	"io/fs"
)

// overlay is a file system in which some files have other contents.
type overlay struct {
	fs.FS
	files map[string][]byte
}

// Open opens a file.
func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.FS.Open(name)
	data, ok := o.files[name]
	if err != nil || !ok {
		return f, err
	}
	return &overlaid{File: f, Reader: bytes.NewReader(data)}, nil
}

// overlaid is a file with other contents.
type overlaid struct {
	fs.File
	*bytes.Reader
}

// Read reads the other contents.
func (f *overlaid) Read(b []byte) (int, error) { return f.Reader.Read(b) }

// Stat returns what is known of the file, with the size of its other contents.
func (f *overlaid) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return overlaidInfo{info, f.Reader.Size()}, err
}

type overlaidInfo struct {
	fs.FileInfo
	size int64
}

// Size returns the size of the other contents.
func (i overlaidInfo) Size() int64 { return i.size }
