package cli

import "strings"

// upstream is the name of the remote that history is fetched from: the one that
// state is pushed to, else the one that HEAD's branch follows, else origin; ""
// where the clone knows none of them.
func (p *project) upstream() string {
	head, err := p.head()
	if err != nil {
		return ""
	}
	names := []string{"origin"}
	if followed, ok := p.store.Config("branch." + strings.TrimPrefix(head.Branch, headsPrefix) + ".remote"); ok && followed != "." {
		names = append([]string{followed}, names...)
	}
	if git, err := p.gitSettings(head.Commit); err == nil && git.Push != "" {
		names = append([]string{git.Push}, names...)
	}
	for _, name := range names {
		if url, ok := p.store.Config("remote." + name + ".url"); ok && url != "" {
			return name
		}
	}
	return ""
}
