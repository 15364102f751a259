#!/bin/sh
# Ends the demo, however the demo ends. Standard input is a pipe that only `mapedge demo` holds:
# its last line names the process groups to end; the end of the file means that it is time.
#
# usage: reaper.sh DIRECTORY    (removed last)
directory=${1:?usage: reaper.sh DIRECTORY}
groups=
while read -r line; do
    groups=
    for group in $line; do groups="$groups -$group"; done
done

# Groups, not processes: lighttpd leaves its FastCGI children behind when it alone is ended.
# shellcheck disable=SC2086  # the list is meant to be split
end() { [ -z "$groups" ] || kill -s "$1" -- $groups 2>/dev/null; }

end TERM
# What was stopped by hand must wake up to take the signal.
end CONT
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    left=
    for group in $groups; do kill -s 0 -- "$group" 2>/dev/null && left=yes; done
    [ -n "$left" ] || break
    sleep 0.1
done
end KILL
rm -rf -- "$directory"
