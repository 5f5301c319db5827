package terraform

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Every path that a function gets is in relation to the folder of the root module: Terraform runs there.

// resolve returns the path in the file system that an argument names. Why says why it may not be read; "" if it may.
func (f *call) resolve(v *value) (file, why string) {
	name := f.flat(v).String()
	file = path.Join(f.folder, name)
	inside := func(folder string) bool {
		return folder == "." || file == folder || strings.HasPrefix(file, folder+"/")
	}
	switch {
	case path.IsAbs(name) || strings.HasPrefix(name, "~") || strings.Contains(name, `\`):
		return file, "is no path below the module: execrole reads no other files"
	case file == ".." || strings.HasPrefix(file, "../") || !inside(f.opts.Within) && !inside(f.module.folder):
		return file, "is outside of the folder that execrole was given: it reads no other files"
	}
	return file, ""
}

// readFile returns the text of the file that an argument names, with its places; nil if it cannot be read.
func (f *call) readFile(v *value) *value {
	file, why := f.resolve(v)
	if why != "" {
		f.stop("%q %s", f.flat(v).String(), why)
		return nil
	}
	t, err := f.file(file)
	if err != nil {
		if f.inTry > 0 {
			f.wrong("cannot read %s: %v", f.name(file), err)
		} else {
			f.stop("cannot read %s: %v", f.name(file), err) // what runs before Terraform can make it
		}
		return nil
	}
	if strings.IndexByte(t.text, 0) >= 0 || !utf8.ValidString(t.text) {
		f.stop("%s is no text", f.name(file))
		return nil
	}
	return &value{kind: textual, text: policy.Text(t.text), marks: []tree.Mark{{Outer: t.start}}, start: t.start, end: t.start + len(t.text)}
}

// readName evaluates a call with the name of a file.
func readName(f *call) *value {
	if len(f.args) != 1 {
		return f.wrong("it needs the path of a file")
	}
	return f.each(func(args []*value) *value {
		if args[0].kind != textual || !args[0].isKnown() {
			return f.unknown()
		}
		if v := f.readFile(args[0]); v != nil {
			return v
		}
		return made(null, f.at)
	})
}

// templatefile renders a template with the variables that it gets.
func templatefile(f *call) *value {
	if len(f.args) != 2 {
		return f.wrong("it needs the path of a file and an object of variables")
	}
	return f.context.each(f.at, f.expression, f.args[:1], func(args []*value) *value {
		if args[0].kind != textual || !args[0].isKnown() {
			return f.unknown()
		}
		v := f.readFile(args[0])
		if v == nil {
			return made(null, f.at)
		}
		return f.render(v, f.args[1], f.x.Range())
	})
}

// templateFile renders data.template_file.
//
// Source: https://registry.terraform.io/providers/hashicorp/template/latest/docs/data-sources/file
func (c *context) templateFile(i *instance, r hcl.Range) *value {
	template, vars := c.argument(i, "template", r), c.argument(i, "vars", r)
	if template == nil {
		return c.unknown(c.source(r), c.placeOf(r))
	}
	if vars == nil {
		vars = made(object, c.placeOf(r))
	}
	return c.each(c.placeOf(r), c.source(r), []*value{template}, func(args []*value) *value {
		if args[0].kind != textual || args[0].encoded != nil || args[0].pieces != nil {
			return c.unknown(c.source(r), c.placeOf(r))
		}
		return c.render(args[0], vars, r)
	})
}

// render evaluates a text as a template. In it, there is nothing but the variables that it gets.
func (c *context) render(v, vars *value, r hcl.Range) *value {
	at := c.placeOf(r)
	if vars.kind != object {
		return c.unknown(c.source(r), at)
	}
	if !v.text.IsLiteral() {
		return c.unknown(c.source(r), at)
	}
	key := "template " + strings.Repeat("'", len(c.bases))
	b := base{offset: v.start, fixed: true}
	if len(v.marks) == 1 && !v.marks[0].Fixed {
		b = base{offset: v.marks[0].Outer}
	}
	c.bases[key] = b
	if !c.isShallow(text{text: string(v.text), start: b.offset}, true) {
		return made(null, at)
	}
	x, diagnostics := hclsyntax.ParseTemplate([]byte(v.text), key, hcl.InitialPos)
	if c.diagnose(key, diagnostics) {
		return made(null, at)
	}
	inner := &context{scope: c.scope}
	for _, m := range vars.members {
		inner.loop = &variable{name: m.name.String(), value: m.value, outer: inner.loop, isTemplate: true}
	}
	inner.loop = &variable{name: "", outer: inner.loop, isTemplate: true, value: made(null, at)}
	return c.once("template at "+c.Doc.Source.Place(b.offset).String()+c.source(r), "the template", r, func() *value { return inner.eval(x) })
}
