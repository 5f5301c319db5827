package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
)

// TableRow is what is said of one role in the table of an account. The texts are not escaped: what an input says can have any
// characters.
type TableRow struct {
	Role  string   // its name, or, of a role that is not in the input, its ARN; "" where a task names none
	ARN   string   // "" where it is unknown
	Tasks []string // that use it
	// Counts says that the role was compared. Otherwise the numbers are 0. Judged says that it was judged what is unneeded.
	Counts, Judged            bool
	Missing, Denied, Unneeded int
	Answer                    string // "fits", "does not fit", "cannot tell", or why there is no answer
	Fits                      policy.Truth
}

// Cells returns the row in words, in the order of [TableHeads].
func (r TableRow) Cells() []string {
	number := func(n int, known bool) string {
		if !known {
			return "-"
		}
		return strconv.Itoa(n)
	}
	return []string{cmp.Or(r.Role, "-"), strings.Join(r.Tasks, ", "), number(r.Missing, r.Counts), number(r.Denied, r.Counts), number(r.Unneeded, r.Judged), r.Answer}
}

// TableHeads are the heads of the table's columns.
func TableHeads() []string {
	return []string{"role", "tasks", "missing", "denied", "unneeded", "verdict"}
}

// TableRows returns the table of an account: the roles that do not fit come first, and those that fit last.
func TableRows(a *check.Account) (rows []TableRow) {
	for _, v := range a.Verdicts {
		rows = append(rows, rowOf(v))
	}
	type left struct {
		role policy.Text
		why  check.Reason
	}
	index := map[left]int{}
	for _, l := range a.Left {
		key := left{l.Plan.ExecutionRole, l.Why}
		i, seen := index[key]
		if !seen {
			i = len(rows)
			index[key] = i
			rows = append(rows, TableRow{Role: key.role.String(), ARN: key.role.String(), Answer: string(l.Why), Fits: policy.Unknown})
			if !strings.HasPrefix(rows[i].ARN, "arn:") {
				rows[i].ARN = ""
			}
		}
		rows[i].Tasks = append(rows[i].Tasks, taskName(l.Plan))
	}
	worst := []policy.Truth{policy.No, policy.Unknown, policy.Yes}
	slices.SortStableFunc(rows, func(r, s TableRow) int { return slices.Index(worst, r.Fits) - slices.Index(worst, s.Fits) })
	return rows
}

func rowOf(v *check.Verdict) TableRow {
	row := TableRow{Role: cmp.Or(v.Role.Name, v.Role.ARN.String()), ARN: v.Role.ARN.String(), Counts: true, Judged: !v.NotJudged, Fits: v.Fits}
	for _, p := range v.Tasks {
		row.Tasks = append(row.Tasks, taskName(p))
	}
	trust := false
	for _, f := range v.Findings {
		switch f.Kind {
		case check.Missing:
			row.Missing++
		case check.Denied:
			row.Denied++
		case check.Unneeded:
			row.Unneeded++
		case check.Trust:
			trust = true
		}
	}
	row.Answer = map[policy.Truth]string{policy.Yes: "fits", policy.No: "does not fit", policy.Unknown: "cannot tell"}[v.Fits]
	if v.Fits != policy.Yes && row.Missing+row.Denied == 0 && trust {
		row.Answer += ": trust policy"
	}
	return row
}

// taskName returns the name of a task definition.
func taskName(p *analyze.Plan) string { return cmp.Or(p.Family, p.Name, p.File) }

// unusedNames returns the names of the roles that no task uses.
func unusedNames(a *check.Account) (names []string) {
	for _, role := range a.Unused {
		names = append(names, cmp.Or(role.Name, role.ARN.String()))
	}
	return names
}

// few returns as many words as somebody reads, and how many more there are.
func few(words []string, most int) (list []string, more int) {
	if most == 0 || len(words) <= most {
		return words, 0
	}
	return words[:most], len(words) - most
}

// The most that the text of an account lists where not everything is asked for.
const (
	fewTasks  = 3
	fewRoles  = 20
	fewPlaces = 8
)

// table prints the table of an account, and the roles that no task uses.
func (p *printer) table(a *check.Account, all bool) {
	rows := [][]string{TableHeads()}
	for _, row := range TableRows(a) {
		if tasks, more := few(row.Tasks, fewTasks); more > 0 && !all {
			row.Tasks = append(slices.Clip(tasks), fmt.Sprintf("%d more", more))
		}
		cells := row.Cells()
		for i := range cells {
			cells[i] = analyze.Printable(cells[i])
		}
		rows = append(rows, cells)
	}
	for i, head := range rows[0] {
		rows[0][i] = strings.ToUpper(head)
	}
	widths := make([]int, len(rows[0]))
	for _, cells := range rows {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for i, cells := range rows {
		var line strings.Builder
		for j, cell := range cells {
			space := strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell))
			isNumber := j >= 2 && j < len(cells)-1
			switch {
			case isNumber:
				line.WriteString(space + cell + "  ")
			case j == len(cells)-1:
				line.WriteString(cell)
			default:
				line.WriteString(cell + space + "  ")
			}
		}
		if i == 0 {
			p.line(p.style(bold, line.String()))
		} else {
			p.line(line.String())
		}
	}
	p.unused(a, all)
}

// unused prints the roles that no task uses.
func (p *printer) unused(a *check.Account, all bool) {
	if len(a.Unused) == 0 {
		return
	}
	most := fewRoles
	if all {
		most = 0
	}
	names, more := few(unusedNames(a), most)
	p.heading("Roles that ECS may assume for tasks, and that none of these task definitions has:")
	for _, name := range names {
		p.line("  " + analyze.Printable(name))
	}
	if more > 0 {
		p.line("  " + p.style(faint, fmt.Sprintf("%d more; -v lists all", more)))
	}
}
