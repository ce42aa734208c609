package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine says in one line what was measured on, and whether others were at work.
func machine(ctx context.Context, dir string) string {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	parts := []string{fmt.Sprintf("%s, %s/%s", time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH), fmt.Sprintf("%d cores%s", runtime.NumCPU(), processor(ctx))}
	if kind := lastLine(ctx, "df", "--output=fstype", dir); kind != "" {
		parts = append(parts, "files on "+kind)
	}
	return strings.Join(append(parts, runtime.Version(), load()), ", ")
}

// processor is its name in parentheses, where the system tells.
func processor(ctx context.Context) string {
	name := ""
	if runtime.GOOS == "darwin" {
		name = lastLine(ctx, "sysctl", "-n", "machdep.cpu.brand_string")
	} else if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, rest, _ := strings.Cut(string(info), "model name\t: ")
		name, _, _ = strings.Cut(rest, "\n")
	}
	if name == "" {
		return ""
	}
	return " (" + strings.TrimSpace(name) + ")"
}

// load says how much else the machine has to do.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "load not known"
	}
	var one float64
	if _, err := fmt.Sscan(string(text), &one); err != nil {
		return "load not known"
	}
	if one > float64(runtime.NumCPU())/2 {
		return fmt.Sprintf("busy: load %.1f", one)
	}
	return fmt.Sprintf("load %.1f", one)
}

// lastLine is what a program prints last, and empty where it is not there.
func lastLine(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
