package policy

import (
	"cmp"
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
)

// compareValues reports whether a value of the request matches one of the policy, for the operators that do not compare
// texts. A value that is none of the operator's type matches nothing.
func compareValues(o operator, has, want string) Truth {
	switch o.kind {
	case compareNumber:
		a, okA := parseNumber(has)
		b, okB := parseNumber(want)
		return truthOf(okA && okB && o.holds(cmp.Compare(a, b)))
	case compareDate:
		a, okA := parseDate(has)
		b, okB := parseDate(want)
		return truthOf(okA && okB && o.holds(cmp.Compare(a, b)))
	case compareBoolean:
		a, okA := parseBoolean(has)
		b, okB := parseBoolean(want)
		return truthOf(okA && okB && a == b)
	case compareBinary:
		a, errA := base64.StdEncoding.DecodeString(has)
		b, errB := base64.StdEncoding.DecodeString(want)
		return truthOf(errA == nil && errB == nil && string(a) == string(b))
	case compareAddress:
		return truthOf(inRange(has, want))
	}
	return Unknown
}

// parseNumber reads an integer or a decimal number.
func parseNumber(s string) (float64, bool) {
	if strings.Trim(s, "+-.0123456789") != "" { // no exponents, no hexadecimal digits, no NaN
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

func parseBoolean(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// inRange reports whether an address, or a whole range of addresses, is in a range. One address is a range too.
func inRange(has, want string) bool {
	a, okA := parseRange(has)
	b, okB := parseRange(want)
	return okA && okB && a.Bits() >= b.Bits() && b.Contains(a.Addr())
}

func parseRange(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// parseDate reads a date in one of the forms of ISO 8601 that the W3C lists, or a number of seconds since 1970. It returns
// the seconds since 1970.
//
// Source: https://www.w3.org/TR/NOTE-datetime
func parseDate(s string) (float64, bool) {
	if len(s) != 4 && strings.Trim(s, "0123456789") == "" && s != "" {
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	}
	date, clock, hasClock := strings.Cut(s, "T")
	fields := strings.Split(date, "-")
	numbers := [3]int{0, 1, 1}
	if len(fields) > 3 || hasClock && len(fields) != 3 {
		return 0, false
	}
	for i, f := range fields {
		n, ok := fixedNumber(f, []int{4, 2, 2}[i])
		if !ok {
			return 0, false
		}
		numbers[i] = n
	}
	year, month, day := numbers[0], numbers[1], numbers[2]
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	seconds := float64(daysSince1970(year, month, day)) * 86400
	if !hasClock {
		return seconds, true
	}
	of, ok := parseClock(clock)
	return seconds + of, ok
}

// parseClock reads a time of day with its zone: hh:mmZ, hh:mm:ss+hh:mm, hh:mm:ss.sZ. It returns the seconds since midnight in
// UTC.
func parseClock(s string) (float64, bool) {
	zone := strings.IndexAny(s, "Z+-")
	if zone < 0 {
		return 0, false
	}
	clock, offset := s[:zone], 0
	if s[zone:] != "Z" {
		hours, minutes, ok := strings.Cut(s[zone+1:], ":")
		h, okH := fixedNumber(hours, 2)
		m, okM := fixedNumber(minutes, 2)
		if !ok || !okH || !okM || h > 23 || m > 59 {
			return 0, false
		}
		if offset = h*3600 + m*60; s[zone] == '-' {
			offset = -offset
		}
	}
	clock, fraction, hasFraction := strings.Cut(clock, ".")
	parts := strings.Split(clock, ":")
	if len(parts) != 2 && len(parts) != 3 || hasFraction && len(parts) != 3 {
		return 0, false
	}
	seconds := 0.0
	for i, p := range parts {
		n, ok := fixedNumber(p, 2)
		if !ok || n > []int{23, 59, 60}[i] {
			return 0, false
		}
		seconds += float64(n * []int{3600, 60, 1}[i])
	}
	if hasFraction {
		f, ok := parseNumber("0." + fraction)
		if !ok || fraction == "" {
			return 0, false
		}
		seconds += f
	}
	return seconds - float64(offset), true
}

// fixedNumber reads a number of so many digits.
func fixedNumber(s string, digits int) (int, bool) {
	if len(s) != digits || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func daysIn(year, month int) int {
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		days++
	}
	return days
}

// daysSince1970 counts the days from 1970-01-01 to a date of the Gregorian calendar.
func daysSince1970(year, month, day int) int {
	before := func(y int) int { return y*365 + y/4 - y/100 + y/400 } // days of the years 1 to y
	days := before(year-1) - before(1969) + day - 1
	for m := 1; m < month; m++ {
		days += daysIn(year, m)
	}
	return days
}
