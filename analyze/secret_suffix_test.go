package analyze

import (
	"math/rand/v2"
	"testing"
)

// TestReadsLikeWords: what people write reads like words, and what nobody writes does not.
func TestReadsLikeWords(t *testing.T) {
	for _, tt := range []struct {
		words, known bool
		tails        []string
	}{
		{true, true, []string{"secret", "config", "oauth2", "ApiKey", "APIKey", "OAuth2", "MyPass", "dbPass", "dbUser", "RdsPwd", "userID", "DBPASS", "PASSWD", "202401"}},
		{true, false, []string{"cuwyhr", "matter", "abc123", "XKCDQW", "zzqq12", "MatPol"}},
		{false, false, []string{"JtsHgc", "Ng6pPB", "a1B2c3", "AbC1dE", "aBcDeF", "AB1cd4", "Ab12cd", "uVuDZE", "Strpwt", "abCDef"}},
	} {
		for _, tail := range tt.tails {
			if readsLikeWords(tail) != tt.words || isKnownWords(tail) != tt.known {
				t.Errorf("%s reads like words: %v, known: %v", tail, readsLikeWords(tail), isKnownWords(tail))
			}
		}
	}
}

// TestRandomSuffixes measures how many random suffixes are taken for words: a false alarm each.
func TestRandomSuffixes(t *testing.T) {
	const characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	const n = 100_000
	random := rand.New(rand.NewPCG(1, 2))
	words, known := 0, 0
	for range n {
		b := make([]byte, 6)
		for i := range b {
			b[i] = characters[random.IntN(len(characters))]
		}
		tail := string(b)
		if readsLikeWords(tail) {
			words++
		}
		if isKnownWords(tail) {
			known++
		}
	}
	t.Logf("of %d random suffixes, %d read like words, %d of them known", n, words, known)
	if words > n*4/100 || known > n/10_000 {
		t.Errorf("of %d random suffixes, %d read like words, %d of them known", n, words, known)
	}
}
