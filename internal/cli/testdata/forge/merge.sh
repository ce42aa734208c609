# merge.sh NUMBER BRANCH merges a pull request.
cd "$WORK/p"
export MAY_PUSH=1 REVIEWED=1
git switch -q main
git pull -q
git fetch -q origin refs/pull/$1/head
git merge -q --squash FETCH_HEAD
git commit -qm "Merge $1"
git push -q
jq 'map(if .number == '$1' then .state = "closed" | .merged_at = "2026-11-24T00:00:00Z" | .merge_commit_sha = "'$(git rev-parse HEAD)'" else . end)' ../forge/pulls.json > ../forge/new.json
mv ../forge/new.json ../forge/pulls.json
