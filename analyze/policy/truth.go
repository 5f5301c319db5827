package policy

// Truth is the answer to a question that cannot always be decided.
type Truth int

const (
	Unknown Truth = iota
	No
	Yes
)

// String returns the answer in words: "cannot tell".
func (t Truth) String() string { return [...]string{"cannot tell", "no", "yes"}[t] }

// Not returns the answer to the opposite question.
func (t Truth) Not() Truth { return [...]Truth{Unknown, Yes, No}[t] }

// And returns whether both are so.
func (t Truth) And(other Truth) Truth {
	switch {
	case t == No || other == No:
		return No
	case t == Yes && other == Yes:
		return Yes
	}
	return Unknown
}

// Or returns whether one of both is so at least.
func (t Truth) Or(other Truth) Truth { return t.Not().And(other.Not()).Not() }

func truthOf(b bool) Truth {
	if b {
		return Yes
	}
	return No
}
