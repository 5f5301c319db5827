package taskdef

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
)

// Part is the part of a document that is one task definition.
type Part struct {
	// Root has the member containerDefinitions.
	Root *tree.Node
	Form Form
	// Pointers are the JSON pointers of nodes that are at another place in the document than below Root, by the nodes' IDs.
	Pointers map[int]string
	// Fields are how people know nodes of a document of another shape, as paths of names, by the nodes' IDs. It is nil for
	// a part that is in the shape of a task definition.
	Fields map[int]string
	// Others are values beside the task definition that permissions depend on, by the names that they have.
	Others map[string]*tree.Node
	// Name is that of the part in its document, such as the logical ID of a resource; "" if it has none.
	Name string
	// Note says what cannot be known of the task definition from this form of input; "" for nothing.
	Note string
	// Module is the module of Terraform that has the part; nil for a part of another document.
	Module *policy.Module
	// Problems are those that are about nothing but this part.
	Problems []Problem
	// Region is that of the task, as far as the document says it beside the task definition; "" if it does not.
	Region string
	// RoleAt are the JSON pointers of the objects that have, or can have, the member executionRoleArn. They are known of
	// resources of a template.
	RoleAt []string
	// Condition is that of the resource of a template: it is there only where the condition holds; "" for always.
	Condition string
}

// find returns the node at a JSON pointer of the document that is at another place below the part's root; nil if there
// is none.
func (part *Part) find(pointer string) (found *tree.Node) {
	if len(part.Pointers) == 0 || !strings.HasPrefix(pointer, "/") {
		return nil
	}
	part.each(func(n *tree.Node, at string) bool {
		if at == pointer {
			found = n
		}
		return found == nil
	})
	return found
}

// choices yields the branches of the conditionals below the part's root, with their JSON pointers in the document.
func (part *Part) choices(yield func(n *tree.Node, branch int, pointer string)) {
	part.visit(func(n *tree.Node, pointer string) bool {
		if n.Parent != nil && n.Parent.Kind == tree.Choice {
			yield(n.Parent, n.Index, pointer)
		}
		return true
	})
}

// each yields the nodes below the part's root that are no conditionals, with their JSON pointers in the document.
func (part *Part) each(yield func(n *tree.Node, pointer string) bool) {
	part.visit(func(n *tree.Node, pointer string) bool { return n.Kind == tree.Choice || yield(n, pointer) })
}

// visit yields the nodes below the part's root.
func (part *Part) visit(yield func(n *tree.Node, pointer string) bool) {
	var visit func(n *tree.Node, at string) bool
	visit = func(n *tree.Node, at string) bool {
		if n.Parent != nil && !yield(n, at) {
			return false
		}
		for i := range n.Children {
			kid := &n.Children[i]
			below := at + "/" + tree.EscapePointer(kid.Name)
			if n.Kind != tree.Object {
				below = at + "/" + strconv.Itoa(i)
			}
			if moved, ok := part.Pointers[kid.ID]; ok {
				below = moved
			}
			if !visit(kid, below) {
				return false
			}
		}
		return true
	}
	visit(part.Root, part.Root.Pointer())
}

// finder finds the task definitions in a document.
type finder struct {
	doc  *tree.Document
	kind Kind // of problems
	form Form
	set  []Setting
	// known are values that other templates give: see [Options].
	known        map[policy.Symbol]policy.Text
	knownSymbols policy.SymbolTable
	exports      *Exports
	parts        []Part
	problems     []Problem
	symbols      policy.SymbolTable
	filled       map[string]bool // the settings that gave a symbol its value
	keys         []template.Key
	branches     map[string]policy.Branch // of conditionals, by JSON pointer
	// when, alternatives and formulas are those of [TaskDefinition].
	when         map[int]*policy.Formula
	alternatives map[int][]policy.Branch
	formulas     map[string]*policy.Formula
	keyless      map[string]bool // the names of what the document declares without a customer-managed key
	// resources says that the document has resources of which each can have a problem of its own.
	resources bool
	// exist has the ARNs of secrets that the document knows.
	exist  map[string]bool
	taken  map[int]bool // the nodes that an assembly has moved
	choose func(name, family string) bool
	left   bool // a task definition was left out, because it is not chosen
	broken bool // there is a task definition that cannot be read
}

// chosen reports whether a task definition is to be read. A form that names its task definitions asks before it looks
// at what is in one, so that nothing is said of the others.
func (f *finder) chosen(name string, root *tree.Node) bool {
	if f.choose == nil {
		return true
	}
	family := ""
	if n := root.MemberFold("family"); n != nil && n.Kind == tree.String && policy.Text(n.Text).IsLiteral() {
		family = n.Text
	}
	if f.choose(name, family) {
		return true
	}
	f.left = true
	return false
}

func (f *finder) fail(off int, format string, args ...any) {
	f.problems = append(f.problems, Problem{Kind: f.kind, At: Ref{Place: place(f.doc, f.form, off)}, Message: fmt.Sprintf(format, args...)})
}

// wrappers are the members that have task definitions in them: in the output of describe-task-definition, which other
// tools wrap once more, and in lists that people make of it.
var wrappers = [...]string{"taskDefinition", "daemonTaskDefinition", "data", "taskDefinitions"}

// find finds the task definitions in a value. Where there are none, it says so, and where.
func (f *finder) find(n *tree.Node) {
	switch n.Kind {
	case tree.Object:
		if template.Is(n) {
			f.template(n)
			return
		}
		if top, advice := template.Body(f.doc, n); top != nil {
			f.template(top)
			return
		} else if advice != "" {
			f.broken = true
			f.fail(n.Member("TemplateBody").Start, "%s", advice)
			return
		}
		if isTerraformJSON(n) {
			f.terraform(n)
			return
		}
		if containers := n.MemberFold("containerDefinitions"); containers != nil {
			f.taskDefinition(n, containers)
			return
		}
		if f.other(n) {
			return
		}
		for _, name := range wrappers {
			if inner := n.MemberFold(name); inner != nil && (inner.Kind == tree.Object || inner.Kind == tree.List) {
				f.find(inner)
				return
			}
		}
		if isContainerAlone(*n) && !isOtherWithImage(n) {
			f.containers(n)
			return
		}
		message := "no containerDefinitions: this is no task definition"
		if advice := adviceOnDocument(n); advice != "" {
			message += "; " + advice
		}
		f.fail(n.Start, "%s", message)
	case tree.List:
		if slices.ContainsFunc(n.Children, isContainerAlone) {
			f.containers(n)
			return
		}
		if len(n.Children) == 0 {
			f.fail(n.Start, "an empty list: there is no task definition in it")
		}
		for i := range n.Children {
			f.find(&n.Children[i])
		}
	default:
		f.fail(n.Start, "a task definition is an object; this is %s", n.Kind)
		if n.Kind == tree.String {
			f.advise(f.doc.Source.Text)
		}
	}
}

// other takes an object that has the fields of a task definition in another shape. It reports whether it is one.
func (f *finder) other(n *tree.Node) bool {
	if list := n.MemberFold("jobDefinitions"); list != nil && slices.ContainsFunc(list.Children, func(job tree.Node) bool { return isBatch(&job) }) {
		for job := range objects(list) {
			f.batch(job, f.form, nil, "")
		}
		return true
	}
	if isBatch(n) {
		f.batch(n, f.form, nil, "")
		return true
	}
	service := n
	if m := n.MemberFold("service"); m != nil && m.Kind == tree.Object {
		service = m
	}
	if configurations := expressConfigurations(service); configurations != nil {
		f.express(service, configurations, f.form, nil, "")
		return true
	}
	return f.beside(n)
}

// isContainerAlone reports whether a value is a container definition without a task definition around it.
func isContainerAlone(n tree.Node) bool {
	image := n.MemberFold("image")
	return image != nil && image.Kind != tree.Object && image.Kind != tree.List && n.MemberFold("containerDefinitions") == nil
}

// isOtherWithImage reports whether an object with an image is no container definition, because it has no name, and has members
// that ECS does not know. The configurations of several CI systems are such objects, and people have them beside their task
// definitions.
func isOtherWithImage(n *tree.Node) bool {
	known := Members("containerDefinitions")
	return n.MemberFold("name") == nil && slices.ContainsFunc(n.Children, func(m tree.Node) bool {
		return !slices.ContainsFunc(known, func(name string) bool { return strings.EqualFold(name, m.Name) })
	})
}

// taskDefinition takes an object with the member containerDefinitions.
func (f *finder) taskDefinition(root, containers *tree.Node) {
	form := f.form
	if containers.Name == "ContainerDefinitions" && allCapitals(containers) {
		form = f.inCapitals(containers.NameStart)
	}
	if isDaemon(root) {
		f.daemon(root, containers, form, nil, "")
		return
	}
	f.oneOf(containers, Part{Root: root, Form: form})
}

// oneOf takes a task definition with these containers, if it has some.
func (f *finder) oneOf(containers *tree.Node, part Part) {
	f.broken = true
	switch {
	case containers.Kind == tree.Null:
		f.fail(containers.Start, "containerDefinitions is null: a task definition has at least one container")
	case containers.Kind == tree.List && !slices.ContainsFunc(containers.Children, func(n tree.Node) bool { return n.Kind != tree.Null }):
		f.fail(containers.Start, "containerDefinitions is empty: a task definition has at least one container")
	case containers.Kind == tree.String && !policy.Text(containers.Text).IsLiteral():
		f.fail(containers.Start, "containerDefinitions is %s, %s", policy.Text(containers.Text), deploymentUnknown)
	case containers.Kind == tree.String && containers.Plain && isPlaceholder(containers.Text):
		f.fail(containers.Start, "containerDefinitions is %s, a placeholder without quotes, and the permissions depend on it: render the template first", containers.Text)
	case containers.Kind != tree.List && containers.Kind != tree.Object && containers.Kind != tree.Choice:
		f.fail(containers.Start, "containerDefinitions is %s: it has to be a list of objects", containers.Kind)
	default:
		f.broken = false
		f.parts = append(f.parts, part)
	}
}

// containers takes a list of container definitions that has no task definition around it, or one of them alone.
func (f *finder) containers(n *tree.Node) {
	list := *n
	list.Name = "containerDefinitions"
	pointer := n.Pointer()
	if n.Kind == tree.Object {
		list = f.doc.NewNode(tree.List, n, "containerDefinitions")
		list.Children = []tree.Node{*n}
		list.Children[0].Name, list.Children[0].Index = "", 0
	}
	root := f.doc.NewNode(tree.Object, n, "")
	root.Children = []tree.Node{list}
	form := f.form
	if allCapitals(n) {
		form = f.inCapitals(n.Start)
	}
	part := Part{Root: &root, Form: form, Pointers: map[int]string{root.Children[0].ID: pointer},
		Note: "container definitions alone: what the task definition has beside them, such as volumes, cannot be seen here"}
	if n.Kind == tree.Object {
		part.Pointers[n.ID] = pointer
	}
	f.parts = append(f.parts, part)
}

// allCapitals reports whether the names of all members of container definitions begin with capitals, as in
// CloudFormation and in the types of some SDKs.
func allCapitals(containers *tree.Node) bool {
	all := false
	for container := range objects(containers) {
		for i := range container.Children {
			if name := container.Children[i].Name; name == "" || name[0] < 'A' || name[0] > 'Z' {
				return false
			}
			all = true
		}
	}
	return all
}

// inCapitals returns the form of a task definition whose names begin with capitals, and warns of it once.
func (f *finder) inCapitals(off int) Form {
	form := f.form
	if !form.NamesInAnyCase {
		f.problems = append(f.problems, Problem{Kind: Schema, Warning: true, At: Ref{Place: place(f.doc, f.form, off)},
			Message: "the names begin with capitals, as in CloudFormation; they are read as those of ECS, which begin with small letters"})
	}
	form.NamesInAnyCase = true
	return form
}
