package emit

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// FixSource is a file that has a role, or a part of it.
type FixSource struct {
	Name string // as places call it
	Data []byte
}

// FixPolicy is a policy of a role, and where the sources have its document.
type FixPolicy struct {
	policy.Policy
	// ARN is that of a managed policy; "" for one inside the role. Other roles can have a managed policy too, so that nothing
	// is written into it.
	ARN policy.Text
	// Place is that of the document; of a policy that is only attached, where the sources say so.
	Place tree.Place
}

// RoleFix is what one role gets. It is for statements of any origin: those that a role lacks, those of a whole exact role, and
// those that cure an error.
type RoleFix struct {
	Name  string     // of the role; "" where the sources do not say it
	Place tree.Place // of the role; the zero value where the sources have only policy documents
	// Policies are those that the role has, in their order, and Trust is its trust policy; nil where the sources do not have
	// it.
	Policies []FixPolicy
	Trust    *FixPolicy
	// Taken are the names of further policies inside the role.
	Taken []string

	// Add are statements for the role, and AddTrust for its trust policy. Their Sids are changed where a document has them.
	Add, AddTrust []policy.Statement
	// Replace says that the role is to allow what Add allows, and nothing else. Statements that deny something stay.
	Replace bool

	// Environment, Symbols, Mappings and Module say how the symbols in Add are written, as in a [policy.Role]. Family is that
	// of the tasks, for the names of what Terraform needs besides.
	Environment policy.Environment
	Symbols     policy.SymbolTable
	Mappings    []policy.Mapping
	Module      *policy.Module
	Family      string
}

// FixedFile is a file with a fix in it.
type FixedFile struct {
	Name string // of its source, or of a new file
	Data []byte
	// New says that no source has this name: it is a policy document for the AWS CLI, and Roles are the names of the roles
	// that it is for.
	New   bool
	Roles []string
}

// Fixes are the files that change, and what cannot be done by files.
type Fixes struct {
	Files []FixedFile // in the order of the sources, and then the new ones
	// Commands send new files to AWS, or take from the role what they replace: the words of one command of the AWS CLI each. A
	// file is file:// and its name.
	Commands [][]string
	// Left are policies that a role still has besides what replaces them. They have to be detached or deleted by hand.
	Left []FixPolicy
}

// Fix puts statements into files that have roles: policy documents, CloudFormation templates, both in JSON or YAML, and
// Terraform's source. It inserts text: every byte of a source is in the result, in the same order, unless a role's statements
// are replaced. References stay references to what a template or a module has.
//
// A statement goes into a policy inside the role, if possible one that allows something of the same service, and otherwise
// into a new one. A role that is only described, as by the answers of the AWS CLI, gets a new policy as a new file, with the
// command that sends it: the answer may be old, and what it says of other policies is not sent back.
//
// Where a value is needed and unknown, the error is a [MissingValues]; the error joins one error for each reason.
func Fix(sources []FixSource, roles []RoleFix) (Fixes, error) {
	f := &fixer{files: map[string]*fixFile{}, targets: map[fixTargetKey]*fixTarget{}, blocks: map[string]bool{}}
	for _, s := range sources {
		file, err := openFix(s)
		if err != nil {
			return Fixes{}, err
		}
		file.all = f
		f.order = append(f.order, file)
		f.files[s.Name] = file
	}
	for i := range roles {
		f.role(&roles[i])
	}
	for _, t := range f.targetOrder {
		f.fail(t.write())
	}
	if f.errors != nil {
		return Fixes{}, errors.Join(f.errors...)
	}
	var out Fixes
	for _, file := range f.order {
		text, err := file.finish()
		if err != nil {
			return Fixes{}, err
		}
		if text != file.text {
			out.Files = append(out.Files, FixedFile{Name: file.name, Data: []byte(text)})
		}
	}
	out.Files = append(out.Files, f.made...)
	out.Commands, out.Left = f.commands, f.left
	return out, nil
}

// fixer collects what is changed.
type fixer struct {
	files       map[string]*fixFile
	order       []*fixFile
	targets     map[fixTargetKey]*fixTarget
	targetOrder []*fixTarget
	made        []FixedFile
	blocks      map[string]bool // that modules get, with their folders
	commands    [][]string
	left        []FixPolicy
	errors      []error
}

func (f *fixer) fail(err error) {
	if err != nil && !slices.ContainsFunc(f.errors, func(other error) bool { return other.Error() == err.Error() }) {
		f.errors = append(f.errors, err)
	}
}

// fixFile is one source. It has either a tree or Terraform's source.
type fixFile struct {
	name, text string
	edits      []edit
	tree       *fixTree
	module     *fixModule
	all        *fixer
}

// fixTarget is a document that gets statements.
type fixTarget struct {
	file       *fixFile
	role       *RoleFix
	policy     FixPolicy
	statements []policy.Statement
	replace    bool
	tree       *tree.Node   // the document; nil in Terraform's source
	module     *fixDocument // nil in a tree
}

// fixTargetKey is a file and an offset in it: several roles can have one document.
type fixTargetKey struct {
	file   string
	offset int
}

// openFix reads a source.
func openFix(s FixSource) (*fixFile, error) {
	file := &fixFile{name: s.Name, text: string(s.Data)}
	var err error
	if strings.HasSuffix(s.Name, ".tf.json") {
		err = fmt.Errorf("%s: this is Terraform's JSON, which --fix does not write: add the statements yourself", s.Name)
	} else if isModuleFile(s.Name) {
		file.module, err = openModule(file)
	} else {
		file.tree, err = openTree(file)
	}
	return file, err
}

// finish returns the text with all edits, after it has compared both.
func (file *fixFile) finish() (string, error) {
	if file.module != nil {
		return file.module.finish()
	}
	return file.tree.finish()
}

// role finds the places of what a role gets.
func (f *fixer) role(r *RoleFix) {
	var own []*fixTarget
	for i := range r.Policies {
		if isConditionalPolicy(&r.Policies[i]) {
			continue
		}
		t, err := f.target(r, &r.Policies[i])
		if err != nil {
			f.fail(err)
			return
		}
		if t != nil {
			own = append(own, t)
		}
	}
	switch {
	case r.Replace:
		f.replace(r, own)
	case len(r.Add) > 0:
		f.add(r, own)
	}
	if len(r.AddTrust) > 0 {
		f.addTrust(r)
	}
	f.fail(r.checkSize())
}

// isConditionalPolicy reports whether a policy, or all that is in it, is there in branches of conditions alone.
func isConditionalPolicy(p *FixPolicy) bool {
	list := p.Document.Statements
	return len(list) > 0 && !slices.ContainsFunc(list, func(s policy.Statement) bool { return len(s.Branches) == 0 })
}

// add adds statements to the documents that a role has, or to a new one.
func (f *fixer) add(r *RoleFix, own []*fixTarget) {
	var rest []policy.Statement
	for _, s := range r.Add {
		t := targetFor(own, s)
		if t == nil {
			rest = append(rest, s)
			continue
		}
		f.use(t)
		t.add(s)
	}
	if rest != nil {
		f.fail(f.newPolicy(r, rest))
	}
}

// use registers a target.
func (f *fixer) use(t *fixTarget) {
	if !slices.Contains(f.targetOrder, t) {
		f.targetOrder = append(f.targetOrder, t)
	}
}

// add adds a statement that the document does not get already, for another role.
func (t *fixTarget) add(s policy.Statement) {
	if slices.ContainsFunc(t.statements, func(other policy.Statement) bool { return isSameStatement(&other, &s) }) {
		return
	}
	t.statements = append(t.statements, s)
}

// isSameStatement reports whether two statements allow the same.
func isSameStatement(a, b *policy.Statement) bool {
	return a.Effect == b.Effect && slices.Equal(a.Actions, b.Actions) && slices.Equal(policy.Texts(a.Resources), policy.Texts(b.Resources)) &&
		policy.CompareConditions(a.Conditions, b.Conditions) == 0
}

// targetFor returns the document that a statement goes to: the first that allows something of the same service, or the first
// of all; nil if none can have it.
func targetFor(own []*fixTarget, s policy.Statement) *fixTarget {
	able := slices.DeleteFunc(slices.Clone(own), func(t *fixTarget) bool { return !t.canHave(&s) })
	if len(able) == 0 {
		return nil
	}
	service := func(action string) string { before, _, _ := strings.Cut(strings.ToLower(action), ":"); return before }
	for _, t := range able {
		for i := range t.policy.Document.Statements {
			other := &t.policy.Document.Statements[i]
			if other.Effect == policy.Allow && slices.ContainsFunc(other.Actions, func(a string) bool { return service(a) == service(s.Actions[0]) }) {
				return t
			}
		}
	}
	return able[0]
}

// canHave reports whether a document can have a statement. The escape ${*} is none in the older version of IAM's language, and
// JSON has no way to say that a statement is there under a condition only.
func (t *fixTarget) canHave(s *policy.Statement) bool {
	if t.policy.Document.Version != policy.Version && slices.ContainsFunc(append(policy.Texts(s.Resources), conditionTexts(s)...), func(text policy.Text) bool { return strings.Contains(text.String(), "${") && text.IsLiteral() }) {
		return false
	}
	return t.module == nil || t.module.kind != heredocDocument || !isConditional(s)
}

// isConditional reports whether a statement, or a part of it, is there under a condition only.
func isConditional(s *policy.Statement) bool {
	has := func(v policy.Value) bool { return v.When != nil }
	return slices.ContainsFunc(s.Resources, has) || slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool { return slices.ContainsFunc(c.Values, has) })
}

func conditionTexts(s *policy.Statement) (list []policy.Text) {
	for _, c := range s.Conditions {
		list = append(list, policy.Texts(c.Values)...)
	}
	return list
}

// target returns the document of a policy, if text can be inserted into it; nil otherwise.
func (f *fixer) target(r *RoleFix, p *FixPolicy) (*fixTarget, error) {
	file := f.files[p.Place.File]
	if file == nil || p.ARN != "" {
		return nil, nil
	}
	offset, ok := offsetAt(file.text, p.Place)
	if !ok {
		return nil, nil
	}
	t := &fixTarget{file: file, role: r, policy: *p}
	var key int
	if file.module != nil {
		if t.module = file.module.document(offset, p.Name); t.module == nil {
			return nil, nil
		}
		t.file, key = t.module.file, t.module.start
	} else {
		if file.tree.kind == planFile {
			return nil, fmt.Errorf("%s: this is a plan or a state of Terraform, which is made of its source: pass the folder of the source", p.Place)
		}
		if t.tree = file.tree.document(offset); t.tree == nil {
			return nil, nil
		}
		key = t.tree.Start
	}
	k := fixTargetKey{t.file.name, key}
	if other := f.targets[k]; other != nil {
		return other, nil
	}
	f.targets[k] = t
	return t, nil
}

// offsetAt returns the offset of a place in its file, by its line and column, and whether the file has that place.
func offsetAt(text string, p tree.Place) (int, bool) {
	offset := 0
	if strings.HasPrefix(text, "\ufeff") {
		offset = len("\ufeff")
	}
	for range p.Line - 1 {
		i := strings.IndexByte(text[offset:], '\n')
		if i < 0 {
			return 0, false
		}
		offset += i + 1
	}
	offset += p.Column - 1
	return offset, p.Line > 0 && offset <= len(text)
}

// addTrust adds statements to the trust policy of a role.
func (f *fixer) addTrust(r *RoleFix) {
	if r.Trust != nil {
		t, err := f.target(r, r.Trust)
		if err != nil {
			f.fail(err)
			return
		}
		if t != nil {
			f.use(t)
			for _, s := range r.AddTrust {
				t.add(s)
			}
			return
		}
		if file := f.files[r.Trust.Place.File]; file != nil && (file.module != nil || file.tree.kind == templateFile) {
			f.fail(fmt.Errorf("%s: the trust policy of %s is not written here as a document with a list of statements: change it by hand", r.Trust.Place, r.title()))
			return
		}
	}
	f.describedTrust(r)
}

// title names a role in messages.
func (r *RoleFix) title() string {
	if r.Name == "" {
		return "the role"
	}
	return "the role " + r.Name
}

// replace puts the statements into one document, takes what allows something out of the others, and says what is left.
func (f *fixer) replace(r *RoleFix, own []*fixTarget) {
	var into *fixTarget
	for _, t := range own {
		if !slices.ContainsFunc(r.Add, func(s policy.Statement) bool { return !t.canHave(&s) }) {
			into = t
			break
		}
	}
	switch {
	case into != nil:
		f.use(into)
		into.replace = true
		for _, s := range r.Add {
			into.add(s)
		}
	case len(r.Add) > 0:
		f.fail(f.newPolicy(r, r.Add))
	}
	for _, p := range r.Policies {
		if into != nil && p.Place == into.policy.Place && p.Name == into.policy.Name {
			continue
		}
		if slices.ContainsFunc(p.Document.Statements, func(s policy.Statement) bool { return s.Effect == policy.Deny }) {
			if i := slices.IndexFunc(own, func(t *fixTarget) bool { return t.policy.Place == p.Place && t.policy.Name == p.Name }); i >= 0 {
				f.use(own[i])
				own[i].replace = true // what it denies stays
				continue
			}
			f.left = append(f.left, p)
			continue
		}
		removed, err := f.remove(r, p)
		f.fail(err)
		if !removed {
			f.left = append(f.left, p)
		}
	}
}

// checkSize refuses more than a role can have inside. What the policies have now is known by their documents.
func (r *RoleFix) checkSize() error {
	if r.Replace {
		return nil // it was packed
	}
	total := policy.Document{Statements: r.Add}.Size(r.Symbols)
	inside := 0
	for _, p := range r.Policies {
		if p.ARN == "" {
			inside += p.Document.Size(r.Symbols)
		}
	}
	if inside > 0 {
		total -= policy.Document{}.Size(nil)
	}
	if total += inside; total > policy.MaxInline && len(r.Add) > 0 {
		return fmt.Errorf("%s would have %d characters in the policies inside of it, and IAM allows %d: take out what is unneeded, as --tight does, or write the role with execrole generate", r.title(), total, policy.MaxInline)
	}
	return nil
}

// document returns the statements that the target gets, with Sids that it does not have.
func (t *fixTarget) document() policy.Document {
	taken := map[string]bool{}
	for _, s := range t.policy.Document.Statements {
		if !t.replace || s.Effect == policy.Deny {
			taken[s.Sid] = true
		}
	}
	list := slices.Clone(t.statements)
	for i := range list {
		sid := list[i].Sid
		for n := 2; sid != "" && taken[list[i].Sid]; n++ {
			list[i].Sid = sid + strconv.Itoa(n)
		}
		taken[list[i].Sid] = true
	}
	return policy.NewDocument(list...)
}

// write makes the edits of the target.
func (t *fixTarget) write() error {
	if t.module != nil {
		return t.module.write(t)
	}
	return t.file.tree.write(t)
}

// values returns a value for each symbol in documents, for a file that has no symbols.
func (r *RoleFix) values(docs ...policy.Document) (map[policy.Symbol]string, error) {
	role := &policy.Role{Symbols: r.Symbols, Mappings: r.Mappings, Environment: r.Environment}
	return knownValues("json", role, symbolsOf(docs, nil))
}

// plainNodes returns statements as nodes without symbols.
func (r *RoleFix) plainNodes(d policy.Document) (*node, error) {
	values, err := r.values(d)
	if err != nil {
		return nil, err
	}
	same := func(s string) string { return s }
	return statementNodes(withoutWhen(d), documentSyntax{text: func(t policy.Text) *node {
		return stringNode(t.Expand(same, func(s policy.Symbol) string { return values[s] }))
	}, word: wordNode, key: same, comment: same}, nil), nil
}

// withoutWhen returns a document whose statements are there always.
func withoutWhen(d policy.Document) policy.Document {
	d.Statements = slices.Clone(d.Statements)
	strip := func(values []policy.Value) []policy.Value {
		values = slices.Clone(values)
		for i := range values {
			values[i].When = nil
		}
		return values
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		s.Resources, s.Conditions = strip(s.Resources), slices.Clone(s.Conditions)
		for j := range s.Conditions {
			s.Conditions[j].Values = strip(s.Conditions[j].Values)
		}
	}
	return d
}

// newPolicy puts statements into a new policy inside the role.
func (f *fixer) newPolicy(r *RoleFix, statements []policy.Statement) error {
	file := f.files[r.Place.File]
	d := (&fixTarget{statements: statements}).document()
	switch {
	case file != nil && file.module != nil:
		return file.module.addPolicy(r, r.newName(), d)
	case file != nil && file.tree.kind == templateFile:
		return file.tree.addPolicy(r, r.newName(), d)
	case file != nil && file.tree.kind == planFile:
		return fmt.Errorf("%s: this is a plan or a state of Terraform, which is made of its source: pass the folder of the source", r.Place)
	case file == nil && r.Place.File != "":
		return fmt.Errorf("%s: %s is in a file that cannot be changed here", r.Place, r.title())
	}
	return f.described(r, d)
}

// newName returns a name for a policy that the role does not have.
func (r *RoleFix) newName() string {
	taken := slices.Clone(r.Taken)
	for _, p := range r.Policies {
		taken = append(taken, p.Name)
	}
	return unusedName(policy.Name, taken)
}

// described makes a new policy of a role that is only described: a file, and the command that sends it.
func (f *fixer) described(r *RoleFix, d policy.Document) error {
	name := r.newName()
	return f.send(r, name, d, "put-role-policy", "--policy-name", name)
}

// describedTrust makes a new trust policy of a role that is only described. It replaces the one that the role has, so that it
// has all of its statements.
func (f *fixer) describedTrust(r *RoleFix) {
	if r.Trust == nil {
		f.fail(fmt.Errorf("the trust policy of %s is not in the files: pass it too", r.title()))
		return
	}
	d := r.Trust.Document
	d.Statements = append(slices.Clone(d.Statements), r.AddTrust...)
	f.fail(f.send(r, "trust", d, "update-assume-role-policy"))
}

// send makes a file with a document, and the command that sends it.
func (f *fixer) send(r *RoleFix, name string, d policy.Document, command string, arguments ...string) error {
	values, err := r.values(d)
	if err != nil {
		return err
	}
	file := stem(cmp.Or(r.Name, r.Family)) + "-" + cleaned(name) + ".json"
	f.made = append(f.made, FixedFile{Name: file, Data: jsonDocument(withoutWhen(d), values), New: true, Roles: []string{r.Name}})
	f.command(r, command, append(arguments, "--policy-document", "file://"+file)...)
	return nil
}

// command adds a command for a role. ROLE is the word for a name that is unknown.
func (f *fixer) command(r *RoleFix, name string, arguments ...string) {
	f.commands = append(f.commands, append([]string{"aws", "iam", name, "--role-name", cmp.Or(r.Name, "ROLE")}, arguments...))
}

// remove takes a policy from a role whose statements are replaced. It reports whether the files, or a command, do that.
func (f *fixer) remove(r *RoleFix, p FixPolicy) (bool, error) {
	file := f.files[r.Place.File]
	switch {
	case file != nil && file.module != nil:
		if of := f.files[p.Place.File]; of != nil && of.module != nil {
			return of.module.removePolicy(p), nil
		}
		return false, nil
	case file != nil && file.tree.kind == templateFile:
		return file.tree.removePolicy(r, p)
	case r.Name == "" || file == nil:
		return false, nil
	case p.ARN != "" && p.ARN.IsLiteral():
		f.command(r, "detach-role-policy", "--policy-arn", string(p.ARN))
	default:
		f.command(r, "delete-role-policy", "--policy-name", p.Name)
	}
	return true, nil
}

// edit replaces a part of a text.
type edit struct {
	start, end int
	text       string
}

// applied returns a text with edits, of which no two overlap. Those at one offset are in the order in which they were made.
func applied(text string, edits []edit) string {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	var b bytes.Buffer
	end := 0
	for _, e := range edits {
		b.WriteString(text[end:max(end, e.start)])
		b.WriteString(e.text)
		end = max(end, e.end)
	}
	b.WriteString(text[end:])
	return b.String()
}

// lineStart returns where the line of an offset begins.
func lineStart(text string, offset int) int {
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	if start == 0 && strings.HasPrefix(text, "\ufeff") {
		return min(len("\ufeff"), offset)
	}
	return start
}

// indentAt returns the white space at the beginning of the line of an offset.
func indentAt(text string, offset int) string {
	line := text[lineStart(text, offset):]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// newlineOf returns how the lines of a text end: as the first of them does.
func newlineOf(text string) string {
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// lineEnd returns where the line of an offset ends, before its line break.
func lineEnd(text string, offset int) int {
	i := strings.IndexByte(text[offset:], '\n')
	switch {
	case i < 0:
		return len(text)
	case i > 0 && text[offset+i-1] == '\r':
		return offset + i - 1
	}
	return offset + i
}

// isModuleFile reports whether a file has Terraform's source.
func isModuleFile(name string) bool {
	return slices.Contains([]string{".tf", ".tofu"}, path.Ext(name))
}
