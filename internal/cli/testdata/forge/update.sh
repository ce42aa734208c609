#!/bin/sh
# A job without the right to write pushes nothing, and where PROTECTED is set nobody
# pushes to main without a review.
case $1 in
refs/heads/main) test -n "$REVIEWED" || { test -z "$PROTECTED" && test -n "$MAY_PUSH"; } ;;
*) test -n "$MAY_PUSH" ;;
esac && exit 0
echo "you may not push to $1" >&2
exit 1
