package model

import (
	"strings"
	"testing"
	"time"
)

func TestDates(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"2000-01-01", "2000-02-29", "2026-12-31", "2027-01-01", "2028-02-29", "2100-02-28", "2400-02-29", "9999-12-31"} {
		d, err := ParseDate(s)
		if err != nil || d.String() != s {
			t.Errorf("%s comes back as %s, %v", s, d, err)
		}
		if got := d.Time().Format(time.DateOnly); got != s {
			t.Errorf("%s is at %s", s, got)
		}
	}
}

func TestDatesThatAreNone(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"2027-1-5":             "two digits",
		"2027-02-29":           "calendar",
		"2100-02-29":           "calendar",
		"2027-13-01":           "calendar",
		"2027-00-10":           "calendar",
		"2027-04-31":           "calendar",
		"1999-12-31":           "before 2000",
		"":                     "YYYY-MM-DD",
		"tomorrow":             "YYYY-MM-DD",
		"2027-01-01 ":          "YYYY-MM-DD",
		"20270101":             "YYYY-MM-DD",
		"12027-01-01":          "YYYY-MM-DD",
		"2027-01-01T00:00:00Z": "YYYY-MM-DD",
	} {
		if d, err := ParseDate(s); err == nil || d != 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", s, d, err)
		}
	}
}

// A UTC day begins and ends at midnight of UTC, wherever the clock hangs.
func TestDateOf(t *testing.T) {
	t.Parallel()
	day, err := ParseDate("2028-02-29")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   time.Time
		want Date
	}{
		{time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC), day},
		{time.Date(2028, 2, 29, 23, 59, 59, 999999999, time.UTC), day},
		{time.Date(2028, 3, 1, 0, 0, 0, 0, time.UTC), day + 1},
		{time.Date(2028, 2, 29, 23, 0, 0, 0, time.FixedZone("west", -3600)), day + 1},
		{time.Date(2028, 3, 1, 0, 30, 0, 0, time.FixedZone("east", 3600)), day},
		{time.Time{}, 0},
	} {
		if got := DateOf(c.at); got != c.want {
			t.Errorf("%s falls on %s, want %s", c.at, got, c.want)
		}
	}
}

func TestDateArithmetic(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from string
		days Days
		to   string
	}{
		{"2027-12-31", 1, "2028-01-01"},
		{"2028-02-28", 1, "2028-02-29"},
		{"2027-02-28", 1, "2027-03-01"},
		{"2028-01-01", 366, "2029-01-01"},
		{"2027-03-01", -1, "2027-02-28"},
	} {
		from, _ := ParseDate(c.from)
		to, _ := ParseDate(c.to)
		if from.Add(c.days) != to || from.Until(to) != c.days {
			t.Errorf("%s and %s make %s, and %s is %s away", c.from, c.days, from.Add(c.days), c.to, from.Until(to))
		}
	}
}

func TestDaysThatAreNone(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                      "90d",
		"d":                     "90d",
		"90":                    "90d",
		"1w":                    "90d",
		"1.5d":                  "90d",
		"1d1d":                  "90d",
		" 1d":                   "90d",
		"+1d":                   "90d",
		"-1d":                   "negative",
		"01d":                   "write 1d",
		"00d":                   "write 0d",
		"3653d":                 "3652d",
		"99999999999999999999d": "3652d",
	} {
		if d, err := ParseDays(s); err == nil || d != 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", s, d, err)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2027-01-01", "2028-02-29", "2027-1-5", "1999-12-31", "9999-12-31"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		if err != nil {
			return
		}
		var again Date
		if text, _ := d.MarshalText(); d == 0 || d.String() != s || again.UnmarshalText(text) != nil || again != d {
			t.Errorf("%q is read as %s", s, d)
		}
	})
}

func FuzzParseDays(f *testing.F) {
	for _, s := range []string{"0d", "90d", "3652d", "3653d", "-1d", "01d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDays(s)
		if err != nil {
			return
		}
		var again Days
		if text, _ := d.MarshalText(); d < 0 || d > MaxDays || d.String() != s || again.UnmarshalText(text) != nil || again != d {
			t.Errorf("%q is read as %s", s, d)
		}
	})
}

func TestNoDateIsNoText(t *testing.T) {
	t.Parallel()
	d := Date(7)
	if text, err := Date(0).MarshalText(); err != nil || len(text) != 0 || d.UnmarshalText(text) != nil || d != 0 {
		t.Errorf("no date is %q and comes back as %s", text, d)
	}
	if d = 7; d.UnmarshalText([]byte("x")) == nil || d != 7 {
		t.Error("a date that cannot be read changes what was there")
	}
}
