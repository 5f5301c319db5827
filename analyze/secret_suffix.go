package analyze

import (
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Secrets Manager ends the ARN of a secret in a hyphen and six random letters and digits, its suffix. An ARN in a task
// definition is complete or lacks the suffix, and a name such as db-secret ends in the same form. This file judges
// which of the two an ARN is.

// ending says whether the name in the ARN of a secret ends in the suffix.
type ending int

const (
	withSuffix ending = iota
	withoutSuffix
	doubtfulSuffix
)

// suffixLength is the length of the suffix, in characters.
const suffixLength = len("-??????")

// secretEnding returns how the name in a secret's ARN ends, and why that is doubtful.
func (p *pass) secretEnding(a policy.ARN, name policy.Text) (e ending, why string) {
	literal := name.Behind()
	if len(literal) < suffixLength && literal != name {
		symbols := name.Symbols()
		last := symbols[len(symbols)-1]
		isName := literal == "" && p.reader.Symbols().Lookup(last).Meaning == policy.MeansSecretName
		if isName || literal != "" && !all(literal, isAlnum) {
			return withoutSuffix, ""
		}
		return doubtfulSuffix, fmt.Sprintf("the value of %s is unknown", policy.Of(last))
	}
	tail, hasTail := randomTail(literal, literal != name)
	switch {
	case !hasTail:
		return withoutSuffix, ""
	case !readsLikeWords(tail.String()), !isKnownWords(tail.String()) && p.suffixesBeside().isComplete(a, name):
		return withSuffix, ""
	}
	return doubtfulSuffix, fmt.Sprintf("%q reads like words", tail)
}

// randomTail returns what is in the place of the suffix's random characters. Of a whole name it is never everything:
// something has to come before it.
func randomTail(name policy.Text, preceded bool) (policy.Text, bool) {
	i := len(name) - suffixLength
	if i < 0 || i == 0 && !preceded || name[i] != '-' || !all(name[i+1:], isAlnum) {
		return "", false
	}
	return name[i+1:], true
}

// readsLikeWords reports whether somebody could have written the tail by hand: secret, config, oauth2, ApiKey, PASSWD,
// 123456. Small letters alone and capitals alone always do, since abbreviations need no vowels. A tail of both has at
// most two words, and each of them can be spoken: JtsHgc is random. So one random suffix in 26 reads like words.
func readsLikeWords(tail string) bool {
	s := strings.TrimRight(tail, "0123456789")
	if s == "" || all(s, isUpper) || all(s, isLower) {
		return true
	}
	words := cutWords(s)
	if len(words) > 2 {
		return false
	}
	for _, word := range words {
		isAcronym := len(word) > 1 && isUpper(word[1])
		if !all(word, isLetter) || !isKnownWords(word) && (isAcronym || !isSpoken(word)) {
			return false
		}
	}
	return true
}

// cutWords cuts a name where its capitals begin words: API and Key, O and Auth.
func cutWords(s string) (words []string) {
	start := 0
	for i := 1; i < len(s); i++ {
		if isUpper(s[i]) && (!isUpper(s[i-1]) || i+1 < len(s) && isLower(s[i+1])) {
			words = append(words, s[start:i])
			start = i
		}
	}
	return append(words, s[start:])
}

// isSpoken reports whether a word can be spoken: it has a vowel, and at most three consonants in a row.
func isSpoken(word string) bool {
	consonants, vowels := 0, 0
	for _, c := range []byte(lowerASCII(word)) {
		if strings.IndexByte("aeiouy", c) >= 0 {
			consonants, vowels = 0, vowels+1
		} else if consonants++; consonants > 3 {
			return false
		}
	}
	return vowels > 0
}

// knownWords are what people end the names of secrets in, or abbreviate there.
var knownWords = [...]string{
	"access", "admin", "api", "app", "auth", "aws", "backup", "cert", "cfg", "client", "common", "conf", "config", "cred",
	"creds", "crt", "custom", "data", "db", "demo", "deploy", "dev", "dns", "docker", "env", "ftp", "git", "github",
	"gitlab", "global", "google", "host", "http", "id", "idp", "jwt", "key", "keys", "kms", "ldap", "live", "login", "mail",
	"main", "master", "mongo", "mq", "ms", "my", "mysql", "new", "oauth", "oidc", "old", "pass", "passwd", "pat", "pem",
	"pg", "pgsql", "pin", "portal", "prd", "prod", "psql", "public", "pw", "pwd", "qa", "rds", "read", "redis", "repo",
	"role", "root", "rsa", "salt", "saml", "sample", "sdk", "secret", "server", "shared", "signer", "slack", "smtp", "sql",
	"ssh", "ssl", "sso", "stage", "stg", "store", "stripe", "svc", "sys", "system", "team", "test", "tls", "tmp", "token",
	"tokens", "twilio", "uat", "uri", "url", "user", "users", "usr", "vars", "vault", "vpn", "web", "webapp", "worker", "write",
}

// isKnownWords reports whether the tail is made of known words, with digits behind them or alone: secret, dbpass, 202401.
func isKnownWords(tail string) bool {
	s := lowerASCII(strings.TrimRight(tail, "0123456789"))
	if s == "" {
		return true
	}
	for _, word := range knownWords {
		if rest, ok := strings.CutPrefix(s, word); ok && isKnownWords(rest) {
			return true
		}
	}
	return false
}

// suffixes is what the ARNs of secrets in one task definition say of each other. Whoever has copied one complete ARN has
// copied the others too.
type suffixes struct {
	complete, partial map[policy.Text]bool        // the accounts of the ARNs that certainly have their suffix, or lack it
	tails             map[policy.Text]policy.Text // the suffix of each ARN without it; "" where the task definition lacks it
}

// suffixesBeside returns what the ARNs in the task definition say of each other.
func (p *pass) suffixesBeside() *suffixes {
	if p.suffixes == nil {
		s := suffixesOf(p.td)
		p.suffixes = &s
	}
	return p.suffixes
}

// suffixesOf looks at all strings of a task definition, wherever they are.
func suffixesOf(td taskdef.Value) suffixes {
	s := suffixes{map[policy.Text]bool{}, map[policy.Text]bool{}, map[policy.Text]policy.Text{}}
	for v := range td.Strings() {
		t, _ := v.Text()
		a, ok := policy.CutARN(t)
		if !ok || a.Service != "secretsmanager" || !a.Resource.IsLiteral() {
			continue
		}
		name, ok := a.Resource.CutPrefix("secret:")
		name, _, _ = name.Cut(":")
		tail, hasTail := randomTail(name, false)
		switch {
		case !ok || name == "":
		case !hasTail || tail == "XXXXXX" || tail == "xxxxxx":
			name, _ = cutAnySuffix(name)
			s.partial[a.Account] = true
			s.tails[a.With(name).Text()] = ""
		case !readsLikeWords(tail.String()):
			s.complete[a.Account] = true
			s.tails[a.With(name[:len(name)-suffixLength]).Text()] = tail
		}
	}
	return s
}

// isComplete reports whether an ARN is complete by what is beside it, though its tail reads like words: the name before
// the tail is that of another ARN, or another ARN of the same account is complete and none is partial.
func (s *suffixes) isComplete(a policy.ARN, name policy.Text) bool {
	other, named := s.tails[a.With(name[:len(name)-suffixLength]).Text()]
	if named {
		return other == "" // two suffixes are those of two names
	}
	return s.complete[a.Account] && !s.partial[a.Account]
}

// cutAnySuffix cuts off what people write for the suffix: -?????? as in a policy, or x six times.
func cutAnySuffix(name policy.Text) (rest policy.Text, found bool) {
	for _, tail := range [...]policy.Text{anySuffix, "-XXXXXX", "-xxxxxx"} {
		if rest, ok := name.CutSuffix(tail); ok && rest != "" {
			return rest, true
		}
	}
	return name, false
}

// lacksSuffix says what happens if the end of an ARN looks like a random suffix and is none.
//
// Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
const lacksSuffix = "Secrets Manager takes the last six characters for it, does not find the secret, and the task fails whatever the role allows"

// answeredSuffix decides by the answers of AWS, which have complete ARNs, whether the ARN of a secret has its random suffix. Complete
// and partial are its two readings. Known is false if the answers have neither. For a partial ARN, it warns.
func (p *pass) answeredSuffix(v located, complete, partial policy.ARN) (e ending, known bool) {
	if len(p.opts.Keys.find([]policy.ARN{complete}, p.plan.Environment)) > 0 {
		return withSuffix, true
	}
	found := p.opts.Keys.find([]policy.ARN{partial}, p.plan.Environment)
	if len(found) == 0 {
		return doubtfulSuffix, false
	}
	t, _ := v.Text()
	p.Warnf(v, "secret %s lacks its suffix, as %s says: %s; write the complete ARN, %s", quote(t), found[0].from, lacksSuffix, found[0].arn.Text())
	return withoutSuffix, true
}

// settleSuffix returns what the options say of a secret whose ending is doubtful, and otherwise warns. Why says why it is.
func (p *pass) settleSuffix(v located, name policy.Text, why string) ending {
	t, _ := v.Text()
	switch {
	case p.opts.CompleteARNs:
		return withSuffix
	case p.opts.PartialARNs:
		p.Notef(v, "secret %s lacks its suffix, as --partial-arns says: %s; write the complete ARN", quote(t), lacksSuffix)
		return withoutSuffix
	}
	flags := []string{"--complete-arns", "--partial-arns"}
	p.find(Warning, v.Ref(), flags, "secret %s may lack the six random characters at its end, since %s: then %s. Both readings are allowed; write the complete ARN, or if it is complete, add %s (%s if it is not)",
		quote(t), why, lacksSuffix, flags[0], flags[1])
	return doubtfulSuffix
}

// judgeSuffixes says that the options contradict each other. That they settle nothing is no mistake: whether a suffix is
// doubtful is chance, and one configuration serves many files.
func judgeSuffixes(j *judgement) {
	if j.opts.CompleteARNs && j.opts.PartialARNs {
		j.misfit("--complete-arns and --partial-arns exclude each other")
	}
}
