# request.sh NUMBER OWNER BRANCH opens a pull request for HEAD.
cd "$WORK/p"
export MAY_PUSH=1 REVIEWED=1
head=$(git rev-parse HEAD)
git push -q origin HEAD:refs/pull/$1/head
git fetch -q origin main
git switch -q --detach origin/main
git merge -q --no-ff -m "Merge $head" $head
git push -q origin HEAD:refs/pull/$1/merge
git switch -q main
jq '. + [{number: '$1', state: "open", merged_at: null, merge_commit_sha: null, base: {ref: "main"}, head: {sha: "'$head'", ref: "'$3'", owner: "'$2'"}}]' ../forge/pulls.json > ../forge/new.json
mv ../forge/new.json ../forge/pulls.json
