package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/tree"
)

// The folders that docs/collect.sh makes in its folder.
const (
	collectedRoles = "iam"
	collectedTasks = "tasks"
	collectedKeys  = "keys"
)

// openCollected replaces a folder of docs/collect.sh that --iam names by the folders in it. If no task definitions are given,
// they are those in it.
func (r *checkRequest) openCollected(in *invocation) {
	noTasks := len(in.args) == 0
	for i, name := range r.iam {
		folder := filepath.Join(name, collectedRoles)
		if !isFolder(folder) {
			continue
		}
		r.iam[i] = folder
		if tasks := filepath.Join(name, collectedTasks); noTasks && isFolder(tasks) {
			in.args = append(in.args, tasks)
		}
		if keys := filepath.Join(name, collectedKeys); r.keys == "" && isFolder(keys) {
			r.keys = keys
		}
	}
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// splitProblems returns the problems of the files of roles that count: of an account, a policy of a role that no task uses does
// not.
func (r *checkRequest) splitProblems(problems []tree.Problem, roles check.Roles, plans []*analyze.Plan) (count []tree.Problem) {
	if len(r.iam) == 0 {
		return problems
	}
	used := map[*check.Role]bool{}
	for _, p := range plans {
		found, _ := roles.Of(p)
		for _, role := range found {
			used[role] = true
		}
	}
	of, needed := map[tree.Problem]bool{}, map[tree.Problem]bool{}
	for _, role := range roles {
		for _, p := range role.Problems {
			of[p] = true
			needed[p] = needed[p] || used[role]
		}
	}
	return slices.DeleteFunc(slices.Clone(problems), func(p tree.Problem) bool { return of[p] && !needed[p] })
}

// unreadRole reports whether a document of the role has errors.
func unreadRole(role *check.Role) bool {
	return slices.ContainsFunc(role.Problems, func(p tree.Problem) bool { return !p.Warning })
}

// leave keeps a task definition that has no verdict. It is an error where it is the only one.
func (r *checkRequest) leave(p *analyze.Plan, why check.Reason) {
	r.account.Left = append(r.account.Left, check.Left{Plan: p, Why: why})
}

// leftError returns the error for task definitions without a verdict; nil if there is none. If there is no verdict at all, it
// says so for each of them.
func (r *checkRequest) leftError() error {
	var errs []error
	n := map[check.Reason]int{}
	for _, l := range r.account.Left {
		n[l.Why]++
		switch name := l.Plan.File; {
		case len(r.account.Verdicts) > 0:
		case l.Why == check.NamesNone || l.Why == check.NeedsNone:
			errs = append(errs, fmt.Errorf("%s: the task definition %s names no executionRoleArn: use --role", name, analyze.Printable(l.Plan.Family)))
		case l.Why == check.NotAmong:
			errs = append(errs, fmt.Errorf("%s: the role %s is not in the files of --iam", name, analyze.Printable(l.Plan.ExecutionRole.String())))
		}
	}
	if n := n[check.NotAmong]; n > 0 && errs == nil {
		errs = append(errs, fmt.Errorf("%s without a verdict: the role is not in the files of --iam", counted(n, "task definition")))
	}
	return errors.Join(errs...)
}
