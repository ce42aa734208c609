package doctor

import "testing"

func TestOlderThan(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"2.29.0": false, "2.39.5": false, "3.0": false, "2.100.1": false, "2.39.5 (Apple Git-154)": false,
		"2.28.9": true, "1.99": true, "2": true, "": true,
	} {
		if got := olderThan(version, "2.29"); got != want {
			t.Errorf("%q: got %v, want %v", version, got, want)
		}
	}
}
