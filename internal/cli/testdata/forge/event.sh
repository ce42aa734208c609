# event.sh NAME [REF|NUMBER] says what the forge tells a job.
cd "$WORK/p"
: > ../summary.md
exec > ../event
echo GITHUB_EVENT_NAME=$1
echo GITHUB_REPOSITORY=team/accounts
echo github.event.repository.default_branch=main
case $1 in
pull_request)
	echo GITHUB_BASE_REF=main
	echo GITHUB_REF=refs/pull/$2/merge
	echo GITHUB_SHA=$(git -C ../up.git rev-parse refs/pull/$2/merge)
	echo checkout=file://$WORK/up.git refs/pull/$2/merge ;;
workflow_run)
	echo github.event.workflow_run.event=pull_request
	echo github.event.workflow_run.id=77
	echo github.event.workflow_run.html_url=https://github.example.com/run
	jq -r '.[] | select(.number == '$2') | "github.event.workflow_run.head_sha=\(.head.sha)\ngithub.event.workflow_run.head_branch=\(.head.ref)\ngithub.event.workflow_run.head_repository.owner.login=\(.head.owner)"' ../forge/pulls.json ;;
*)
	echo GITHUB_SHA=$(git -C ../up.git rev-parse refs/heads/$2)
	echo checkout=file://$WORK/up.git refs/heads/$2
	if [ $1 = dispatch ]; then echo inputs.digest=$(cat ../digest); fi ;;
esac
