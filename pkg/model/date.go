package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date is a day of UTC, counted from 1970-01-01. The zero Date means none. It
// is written YYYY-MM-DD and compares with < and >.
type Date int32

const (
	dateLayout = "2006-01-02"
	secondsDay = 24 * 60 * 60
)

// DateOf is the day of UTC that t falls on.
func DateOf(t time.Time) Date {
	s := t.Unix()
	if s < 0 {
		return 0
	}
	return Date(s / secondsDay)
}

// ParseDate reads YYYY-MM-DD. OSMO itself also takes 2027-1-5; one spelling is
// enough here. Years are limited to 2000..9999.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(dateLayout, s)
	if err != nil {
		if _, short := time.Parse("2006-1-2", s); short == nil {
			return 0, fmt.Errorf("date %q needs two digits for month and day: YYYY-MM-DD", s)
		}
		if len(s) == len(dateLayout) && strings.Count(s, "-") == 2 && strings.Trim(s, "0123456789-") == "" {
			return 0, fmt.Errorf("date %q is not in the calendar", s)
		}
		return 0, fmt.Errorf("date %q is not of the form YYYY-MM-DD", s)
	}
	if t.Year() < 2000 {
		return 0, fmt.Errorf("date %q is before 2000", s)
	}
	return DateOf(t), nil
}

// Time is 00:00 UTC of the day.
func (d Date) Time() time.Time { return time.Unix(int64(d)*secondsDay, 0).UTC() }

// String is YYYY-MM-DD, or "" for the zero Date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return string(d.AppendTo(nil))
}

// AppendTo appends the date in the form of String.
func (d Date) AppendTo(b []byte) []byte { return d.Time().AppendFormat(b, dateLayout) }

// Add is the date n days later.
func (d Date) Add(n Days) Date { return d + Date(n) }

// Until is the number of days from d to e, negative where e is earlier.
func (d Date) Until(e Date) Days { return Days(e - d) }

// MarshalText writes the form of String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	v, err := ParseDate(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// Days is a duration in whole days, written 90d. OSMO adds durations to dates,
// so nothing finer has an effect there.
type Days int32

// MaxDays bounds every declared duration: ten years of 365 days and their leap
// days, far above what OSMO's own limit lets through.
const MaxDays Days = 3652

// ParseDays reads a duration such as 90d.
func ParseDays(s string) (Days, error) {
	digits, ok := strings.CutSuffix(s, "d")
	n, err := strconv.Atoi(digits)
	switch {
	case strings.HasPrefix(s, "-"):
		return 0, fmt.Errorf("duration %q is negative", s)
	case !ok || digits == "" || strings.Trim(digits, "0123456789") != "":
		return 0, fmt.Errorf("duration %q is not a number of days such as 90d", s)
	case len(digits) > 1 && digits[0] == '0':
		return 0, fmt.Errorf("duration %q begins with a zero: write %sd", s, strings.TrimLeft(digits[:len(digits)-1], "0")+digits[len(digits)-1:])
	case err != nil || n > int(MaxDays):
		return 0, fmt.Errorf("duration %q is longer than %s", s, MaxDays)
	}
	return Days(n), nil
}

// String writes the duration as [ParseDays] reads it.
func (d Days) String() string { return strconv.Itoa(int(d)) + "d" }

// MarshalText writes the form of String.
func (d Days) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Days) UnmarshalText(b []byte) error {
	v, err := ParseDays(string(b))
	if err == nil {
		*d = v
	}
	return err
}
