package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Name is the name of the permissions policy inside a role, and with a number that of a managed one.
const Name = "TaskExecution"

// LimitError is the error of a role that is too large for IAM. It says by how much.
type LimitError string

// Error returns the message.
func (e LimitError) Error() string { return string(e) }

// Pack merges statements, as [Merge] does, and puts them into policies of a role: into one inline policy, or, if that
// would be too large, into as few managed policies as it can find. The inline policy gets the name, and the managed ones
// get it with a number. Pack fails with a [LimitError] if there are more managed policies than a role can have attached
// beside those that it already has.
//
// A statement that does not fit into the rest of a managed policy is cut between two of its resources, or between two
// alternative values of a condition. Each part keeps the sources of its resources and values, and has a Sid that is
// unique in all policies. Symbols says how long the symbols of the statements can be.
func Pack(name string, statements []Statement, attached int, symbols SymbolTable) (inline, managed []Policy, err error) {
	if len(statements) == 0 {
		return nil, nil, nil
	}
	merged := merge(statements)
	sids := make([]string, len(merged))
	for i := range merged {
		sids[i] = merged[i].Sid
	}
	whole := NewDocument(merged...)
	numberSids(merged)
	total := whole.Size(symbols)
	if total <= MaxInline {
		return []Policy{{name, whole}}, nil, nil
	}
	var parts []part
	for i, s := range merged {
		s.Sid = sids[i] // each policy has numbers of its own
		p, err := cuttable(s, symbols)
		if err != nil {
			return nil, nil, err
		}
		parts = append(parts, p...)
	}
	room := max(0, MaxAttached-attached)
	bins := pack(parts)
	if over := len(bins) - room; over > 0 {
		characters := 0
		for _, b := range bins[room:] {
			characters += b.size
		}
		policies := "policies"
		if over == 1 {
			policies = "policy"
		}
		return nil, nil, LimitError(fmt.Sprintf(
			"the permissions have %d characters, and IAM allows a role %d inside of it, or %d managed policies of %d; they would fill %d: that is %d %s, or %d characters, too many",
			total, MaxInline, room, MaxManaged, len(bins), over, policies, characters))
	}
	for i, d := range documents(bins, parts) {
		managed = append(managed, Policy{name + strconv.Itoa(i+1), d})
	}
	return nil, managed, nil
}

// sidReserve is room for the number behind the Sid of a statement that is cut. The number is not known before everything
// is packed. Ten policies have no room for a thousand statements.
const sidReserve = 3

// part is a statement, or a piece of one, that can be cut along one list: its resources, or the values of one condition.
type part struct {
	statement Statement
	axis      int   // number of the condition; -1 for the resources
	head      int   // size of the statement without the list
	units     []int // sizes of the list's texts
}

// cut returns a statement with only these elements of the list.
func (p *part) cut(units []int) Statement {
	s := p.statement
	list := make([]Value, len(units))
	for i, u := range units {
		list[i] = (*axisOf(&s, p.axis))[u]
	}
	if p.axis >= 0 {
		s.Conditions = slices.Clone(s.Conditions)
	}
	*axisOf(&s, p.axis) = list
	return s
}

// axisOf returns the list along which a statement is cut.
func axisOf(s *Statement, axis int) *[]Value {
	if axis < 0 {
		return &s.Resources
	}
	return &s.Conditions[axis].Values
}

// cuttable returns the statement as a part that can be cut along its largest list. If the rest of the statement alone
// would fill a policy, it cuts the largest list of that rest in halves and returns several parts.
func cuttable(s Statement, symbols SymbolTable) ([]part, error) {
	axes := []int{-1}
	for i, c := range s.Conditions {
		if alternatives(c.Operator) {
			axes = append(axes, i)
		}
	}
	slices.SortStableFunc(axes, func(a, b int) int {
		return cmp.Compare(symbols.listSize(*axisOf(&s, b)), symbols.listSize(*axisOf(&s, a)))
	})
	p := part{statement: s, axis: axes[0]}
	for _, v := range *axisOf(&s, p.axis) {
		p.units = append(p.units, symbols.size(string(v.Text)))
	}
	p.head = symbols.statementSize(&s) + sidReserve - symbols.listSize(*axisOf(&s, p.axis))
	largest := slices.Max(p.units)
	if frameSize+p.head+listSize(largest, 1) <= MaxManaged {
		return []part{p}, nil
	}
	for _, axis := range append(axes[1:], p.axis) {
		if n := len(*axisOf(&s, axis)); n > 1 {
			other := part{statement: s, axis: axis}
			first, err := cuttable(other.cut(upTo(0, n/2)), symbols)
			if err != nil {
				return nil, err
			}
			second, err := cuttable(other.cut(upTo(n/2, n)), symbols)
			return append(first, second...), err
		}
	}
	return nil, LimitError(fmt.Sprintf("%s on %.200q alone has %d characters, and IAM allows a managed policy %d",
		strings.Join(s.Actions, ", "), s.Resources[0].String(), frameSize+p.head+listSize(largest, 1), MaxManaged))
}

// upTo returns the numbers from a to b, without b.
func upTo(a, b int) []int {
	list := make([]int, b-a)
	for i := range list {
		list[i] = a + i
	}
	return list
}

// unit is one element of a part's list, which is not cut any further.
type unit struct{ part, text, size int }

// bin is the content of one managed policy.
type bin struct {
	size   int
	lists  map[int][]int // of each part, the texts of its list that are here
	filled map[int]int   // their size
}

// add puts a unit into the bin if it fits.
func (b *bin) add(u unit, parts []part) bool {
	n, filled := len(b.lists[u.part]), b.filled[u.part]
	more := listSize(filled+u.size, n+1)
	switch {
	case n > 0:
		more -= listSize(filled, n)
	case len(b.lists) > 0:
		more += parts[u.part].head + len(`,`)
	default:
		more += parts[u.part].head
	}
	if b.size+more > MaxManaged {
		return false
	}
	b.size += more
	b.lists[u.part] = append(b.lists[u.part], u.text)
	b.filled[u.part] += u.size
	return true
}

// pack distributes parts over bins. If that takes no more policies than necessary, the statements stay in their order
// and the elements of a part stay together. Otherwise it tries other orders, in which smaller pieces can fill gaps, and
// takes the one with the fewest policies.
func pack(parts []part) []*bin {
	var units []unit
	least := 0 // no policies can have less in them together than the parts uncut
	for i, p := range parts {
		sum := 0
		for j, n := range p.units {
			units = append(units, unit{i, j, n})
			sum += n
		}
		least += p.head - sidReserve + listSize(sum, len(p.units))
	}
	capacity := MaxManaged - frameSize
	fewest := (least + capacity - 1) / capacity
	best := fill(units, parts, true)
	if len(best) == fewest || fewest > MaxAttached {
		return best
	}
	bySize := slices.SortedStableFunc(slices.Values(units), func(a, b unit) int { return cmp.Compare(b.size, a.size) })
	byHead := slices.SortedStableFunc(slices.Values(units), func(a, b unit) int {
		return cmp.Or(cmp.Compare(parts[b.part].head, parts[a.part].head), cmp.Compare(a.part, b.part), cmp.Compare(b.size, a.size))
	})
	for _, order := range [][]unit{units, byHead, bySize} {
		if bins := fill(order, parts, false); len(bins) < len(best) {
			best = bins
		}
	}
	return best
}

// fill puts each unit into the first bin that has room for it. With inTurn, it tries only the last bin before it makes a
// new one.
func fill(units []unit, parts []part, inTurn bool) []*bin {
	var bins []*bin
	for _, u := range units {
		first := 0
		if inTurn {
			first = max(0, len(bins)-1)
		}
		if slices.ContainsFunc(bins[first:], func(b *bin) bool { return b.add(u, parts) }) {
			continue
		}
		b := &bin{size: frameSize, lists: map[int][]int{}, filled: map[int]int{}}
		b.add(u, parts) // it fits: see cuttable
		bins = append(bins, b)
	}
	return bins
}

// documents makes the documents of bins, each with its statements in the order of the parts.
func documents(bins []*bin, parts []part) []Document {
	var all []Statement
	var ends []int
	for _, b := range bins {
		for i := range parts {
			list := b.lists[i]
			if len(list) == 0 {
				continue
			}
			slices.Sort(list)
			all = append(all, parts[i].cut(list))
		}
		ends = append(ends, len(all))
	}
	numberSids(all)
	documents := make([]Document, len(ends))
	begin := 0
	for i, end := range ends {
		documents[i] = NewDocument(all[begin:end:end]...)
		begin = end
	}
	return documents
}

// Check returns an error for the first of the role's policies that is too large for IAM.
func (r *Role) Check() error { return r.check(r.Symbols) }

// CheckValues is Check for values of symbols that are longer than the longest that Check expects. It reports nothing if
// there is no such value.
func (r *Role) CheckValues(values map[Symbol]string) error {
	symbols := SymbolTable{}
	maps.Copy(symbols, r.Symbols)
	longer := false
	for s, value := range values {
		if n := utf8.RuneCountInString(value); n > symbols.maxLength(s) {
			info := symbols.Lookup(s)
			info.MaxLength = n
			symbols[s], longer = info, true
		}
	}
	if !longer {
		return nil
	}
	return r.check(symbols)
}

func (r *Role) check(symbols SymbolTable) error {
	if n := r.Trust.Size(symbols); n > MaxTrust {
		return LimitError(fmt.Sprintf("the trust policy has %d characters, and IAM allows %d: %d too many", n, MaxTrust, n-MaxTrust))
	}
	inline := 0
	for _, p := range r.Inline {
		inline += p.Document.Size(symbols)
	}
	if inline > MaxInline {
		return LimitError(fmt.Sprintf("the inline policies have %d characters, and IAM allows %d: %d too many", inline, MaxInline, inline-MaxInline))
	}
	if n := len(r.Managed) + len(r.Attached); n > MaxAttached {
		return LimitError(fmt.Sprintf("the role has %d managed policies, and IAM allows %d: %d too many", n, MaxAttached, n-MaxAttached))
	}
	for _, p := range r.Managed {
		if n := p.Document.Size(symbols); n > MaxManaged {
			return LimitError(fmt.Sprintf("the managed policy %s has %d characters, and IAM allows %d: %d too many", p.Name, n, MaxManaged, n-MaxManaged))
		}
	}
	return nil
}
