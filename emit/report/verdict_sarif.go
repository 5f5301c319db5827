package report

import (
	"strings"

	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/tree"
)

// home is the project's page.
const home = "https://github.com/execrole/execrole"

// The parts of SARIF that a verdict has.
//
// Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string             `json:"id"`
		Name                 string             `json:"name"`
		ShortDescription     sarifText          `json:"shortDescription"`
		FullDescription      sarifText          `json:"fullDescription"`
		Help                 sarifText          `json:"help"`
		HelpURI              string             `json:"helpUri"`
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
		Properties           sarifProperties    `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifConfiguration struct {
		Level level `json:"level"`
	}
	sarifProperties struct {
		Tags []string `json:"tags"`
	}
	sarifResult struct {
		RuleID              string             `json:"ruleId"`
		RuleIndex           int                `json:"ruleIndex"`
		Level               level              `json:"level"`
		Message             sarifText          `json:"message"`
		Locations           []sarifLocation    `json:"locations,omitempty"`
		RelatedLocations    []sarifLocation    `json:"relatedLocations,omitempty"`
		PartialFingerprints map[string]string  `json:"partialFingerprints"`
		Fixes               []sarifFix         `json:"fixes,omitempty"`
		Suppressions        []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifFix struct {
		Description     sarifText     `json:"description"`
		ArtifactChanges []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		ArtifactLocation sarifArtifact      `json:"artifactLocation"`
		Replacements     []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		DeletedRegion   sarifRegion `json:"deletedRegion"`
		InsertedContent sarifText   `json:"insertedContent"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification,omitempty"`
	}
	sarifLocation struct {
		ID               int           `json:"id,omitempty"`
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
		Message          *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
)

// fingerprintName names the way in which [check.Verdict.Fingerprint] makes a fingerprint.
const fingerprintName = "execrole/v1"

func verdictSARIF(verdicts []*check.Verdict, opts VerdictOptions) []byte {
	driver := sarifDriver{Name: "execrole", Version: opts.Version, InformationURI: home}
	index := map[check.Code]int{}
	for i, e := range check.Explanations() {
		index[e.Code] = i
		driver.Rules = append(driver.Rules, ruleOf(e))
	}
	run := sarifRun{Tool: sarifTool{driver}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	w := sarifWriter{columns: columns{text: opts.Text}, index: index, fix: opts.Fix}
	for _, v := range verdicts {
		for _, f := range v.Findings {
			run.Results = append(run.Results, w.result(v, f))
		}
		for _, a := range v.Accepted {
			r := w.result(v, a.Finding)
			r.Suppressions = []sarifSuppression{{"external", a.Reason}}
			run.Results = append(run.Results, r)
		}
	}
	log := sarifLog{"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "2.1.0", []sarifRun{run}}
	return programJSON(log)
}

// ruleOf returns what a code means.
func ruleOf(e check.Explanation) sarifRule {
	words := strings.Fields(e.Title)
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	level := levelOfFinding(check.Finding{Code: e.Code, Kind: e.Kind, Sure: true})
	return sarifRule{
		ID: string(e.Code), Name: strings.NewReplacer(":", "", "-", "").Replace(strings.Join(words, "")),
		ShortDescription: sarifText{strings.ToUpper(e.Title[:1]) + e.Title[1:] + "."}, FullDescription: sarifText{e.Means}, Help: sarifText{e.Means + " " + e.Cure},
		HelpURI: home + "/blob/main/docs/findings.md", DefaultConfiguration: sarifConfiguration{level}, Properties: sarifProperties{[]string{"security", "iam", "ecs"}},
	}
}

// sarifWriter makes results.
type sarifWriter struct {
	columns columns
	index   map[check.Code]int
	fix     func(*check.Verdict, check.Finding) (Replacement, bool)
}

func (w *sarifWriter) result(v *check.Verdict, f check.Finding) sarifResult {
	r := sarifResult{
		RuleID: string(f.Code), RuleIndex: w.index[f.Code], Level: levelOfFinding(f), Message: sarifText{plainMessage(sentence(v, f))},
		PartialFingerprints: map[string]string{fingerprintName: v.Fingerprint(f)},
	}
	at, more := placesOfFinding(v, f)
	if at.File != "" {
		r.Locations = []sarifLocation{{PhysicalLocation: w.physical(at)}}
	}
	for i, place := range more {
		if place.File != "" {
			r.RelatedLocations = append(r.RelatedLocations, sarifLocation{i + 1, w.physical(place.Place), &sarifText{plainMessage(place.what)}})
		}
	}
	if w.fix != nil {
		if change, ok := w.fix(v, f); ok {
			r.Fixes = w.changes(f, change)
		}
	}
	return r
}

// changes returns the fix of a finding in a file of the role; none where the text of the file is unknown, since without columns
// it would replace whole lines.
func (w *sarifWriter) changes(f check.Finding, c Replacement) []sarifFix {
	region := sarifRegion{c.Start.Line, w.columns.of(c.Start), c.End.Line, w.columns.of(c.End)}
	if region.StartColumn == 0 || region.EndColumn == 0 {
		return nil
	}
	return []sarifFix{{sarifText{plainMessage(f.Advice())}, []sarifChange{{
		sarifArtifact{fileURI(c.Start.File)}, []sarifReplacement{{region, sarifText{c.Text}}},
	}}}}
}

// plainMessage returns words as a message: brackets would be a link, and braces a placeholder.
//
// Source: SARIF 2.1.0, section 3.11
func plainMessage(s string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "{", "{{", "}", "}}").Replace(s)
}

func (w *sarifWriter) physical(at tree.Place) sarifPhysical {
	p := sarifPhysical{ArtifactLocation: sarifArtifact{fileURI(at.File)}}
	if at.Line > 0 {
		p.Region = &sarifRegion{StartLine: at.Line, StartColumn: w.columns.of(at)}
	}
	return p
}
