package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
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
