package analyze

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Packed is a plan in little memory, for [SharePacked]: without the text of its input, and with what is alike in many plans
// kept once by their [Pool].
type Packed struct {
	plan         Plan // without the requirements
	requirements []packedRequirement
}

// packedRequirement is a requirement. Task definitions that share a role ask for much the same, in the same fields, on
// different lines.
type packedRequirement struct {
	what                 *Requirement // without its place
	at                   *taskdef.Ref // without the file of the plan, and without the numbers
	line, column, offset int32
}

// Pool is what many packed plans have in common. Its zero value is empty. Several goroutines may use it at once.
type Pool struct {
	mu     sync.Mutex
	texts  map[string]string
	whats  map[policy.Text][]*Requirement // by resource
	places map[taskdef.Ref]*taskdef.Ref
	unseen [][]Unseen
}

// Pack packs the plan of one task definition. The plan must not be used any more.
func (pool *Pool) Pack(p *Plan) *Packed {
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if pool.texts == nil {
		pool.texts, pool.whats, pool.places = map[string]string{}, map[policy.Text][]*Requirement{}, map[taskdef.Ref]*taskdef.Ref{}
	}
	packed := &Packed{plan: *p, requirements: make([]packedRequirement, len(p.Requirements))}
	for i := range p.Requirements {
		packed.requirements[i] = pool.requirement(&p.Requirements[i], p.File)
	}
	q := &packed.plan
	q.Requirements = nil
	for _, s := range []*string{&q.Name, &q.Family, &q.Environment.Partition, &q.Environment.Region, &q.Environment.Account,
		&q.Declared.Partition, &q.Declared.Region, &q.Declared.Account} {
		*s = pool.text(*s)
	}
	q.ExecutionRoles = nil // it is for those who look for the role of one task definition
	pool.keep(&q.ExecutionRole)
	for i := range q.TaskRoles {
		pool.keep(&q.TaskRoles[i])
	}
	for i := range q.LaunchTypes {
		q.LaunchTypes[i] = pool.text(q.LaunchTypes[i])
	}
	for i := range q.Findings {
		q.Findings[i].At.Container = pool.text(q.Findings[i].At.Container)
	}
	for i := range q.remarks {
		q.remarks[i].At.Container = pool.text(q.remarks[i].At.Container)
	}
	for i := range q.needs {
		n := &q.needs[i]
		pool.keep(&n.Name, &n.Region, &n.Tag)
		for j := range n.Or {
			pool.keep(&n.Or[j])
		}
		for j := range n.Keys {
			pool.keep(&n.Keys[j])
		}
		for j := range n.From {
			n.From[j].Container = pool.text(n.From[j].Container)
		}
	}
	q.identity = nil // nothing is joined to a plan that is packed
	q.Unseen = pool.sameUnseen(q.Unseen)
	return packed
}

// text returns a string that is the same and that holds no other text in memory.
func (pool *Pool) text(s string) string {
	known, ok := pool.texts[s]
	if !ok {
		known = strings.Clone(s)
		pool.texts[known] = known
	}
	return known
}

// keep is text for texts, in their places.
func (pool *Pool) keep(texts ...*policy.Text) {
	for _, t := range texts {
		*t = policy.Text(pool.text(string(*t)))
	}
}

func (pool *Pool) requirement(r *Requirement, file string) packedRequirement {
	packed := packedRequirement{line: int32(r.At.Line), column: int32(r.At.Column), offset: int32(r.At.Offset)}
	at := r.At
	at.Line, at.Column, at.Offset = 0, 0, 0
	if at.File == file {
		at.File = ""
	}
	if packed.at = pool.places[at]; packed.at == nil {
		for _, s := range []*string{&at.File, &at.Pointer, &at.Task, &at.Container, &at.Field} {
			*s = pool.text(*s)
		}
		packed.at = &at
		pool.places[at] = &at
	}
	what := *r
	what.At = taskdef.Ref{}
	alike := pool.whats[r.Resource]
	i := slices.IndexFunc(alike, func(known *Requirement) bool { return reflect.DeepEqual(known, &what) })
	if i < 0 {
		pool.keep(&what.Resource, &what.Part, &what.Stage, &what.Version, &what.ARN.Partition, &what.ARN.Service, &what.ARN.Region, &what.ARN.Account, &what.ARN.Resource)
		i = len(alike)
		alike = append(alike, &what)
		pool.whats[what.Resource] = alike
	}
	packed.what = alike[i]
	return packed
}

// sameUnseen returns a list that is the same, and that other plans have too.
func (pool *Pool) sameUnseen(list []Unseen) []Unseen {
	i := slices.IndexFunc(pool.unseen, func(known []Unseen) bool {
		return slices.EqualFunc(known, list, func(a, b Unseen) bool { return a.What == b.What && a.Cure == b.Cure })
	})
	if i < 0 {
		i = len(pool.unseen)
		pool.unseen = append(pool.unseen, slices.Clip(list))
	}
	return pool.unseen[i]
}

// Family returns the plan's family.
func (p *Packed) Family() string { return p.plan.Family }

// Plan returns the plan, which may be changed.
func (p *Packed) Plan() *Plan {
	plan := p.plan
	plan.Unseen = slices.Clone(plan.Unseen) // other plans have it too
	if p.requirements != nil {
		plan.Requirements = make([]Requirement, len(p.requirements))
	}
	for i, r := range p.requirements {
		to := &plan.Requirements[i]
		*to = *r.what
		to.At = *r.at
		to.At.Line, to.At.Column, to.At.Offset = int(r.line), int(r.column), int(r.offset)
		if to.At.File == "" {
			to.At.File = plan.File
		}
	}
	return &plan
}
