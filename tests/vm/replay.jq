# SPDX-License-Identifier: GPL-2.0-or-later
# What the kernel said, asked of `policyc explain --batch` again; used by lib.sh. $step "plan": of {"epoch", "event"}, and of requests that
# were allowed ({"epoch", "generation", "asked": REQUEST}), makes {"key", "out": why it cannot be asked or null, "event" or "asked",
# "requests"}, by key. $images: {"key", "dry", "dump"}. Step "tell": of these, with $answers to their requests in the same order, what to print.

def words: gsub("\"(\\\\.|[^\"\\\\])*\""; "") | [scan("[^\\s,;]+") | select(startswith("/") | not)];
# What follows `if` or `unless`.
def conditions: map(capture("\\s(if|unless)\\s(?<c>.*)$").c | words[]);
def any_of($w): any(.[]; . as $x | $w | index($x));

# Why an event does not say enough; null: it does. The order is that of docs/guarantees.md. $p: its profile.
def event_out($e; $d):
	[$d.profiles[]? | select(.name == $e.profile)][0] as $p
	| [$p.rules[]? | select(.ops | index($e.op)) | .text] as $rules
	| ($rules | conditions) as $terms
	| (($p.subject // "") | words) as $subject
	| if $e.reason != "rule" and $e.reason != "default" then "an internal failure"
	elif $d == null then "an image that the test did not keep"
	elif $p == null then "a generation that is gone"
	elif $e | has("object_hex") or has("exe_hex") or has("script_hex") or has("cgroup_hex") then "names that are no UTF-8"
	elif $e.kind != "path" and ($e.object | startswith("0x")) then "objects without words"
	elif $e.reason == "rule" and ([$p.rules[] | select(.rule == $e.rule.number) | .ops | index($e.op)] == [null]) then "a name that would be lost"
	elif $e.cgroup == null and ($terms + $subject | any_of(["cgroup", "unit", "container"])) then "a cgroup that is gone"
	elif $rules | any(.[]; words | index("fstype")) then "fstype"
	elif ($e.op == "signal" or $e.op == "ptrace") and ($rules | any(.[]; words | index("to"))) then "the other process"
	elif $terms + $subject | any_of(["capability"]) then "capabilities"
	elif $terms + $subject | any_of(["group"]) then "groups"
	elif $terms + $subject | any_of(["ancestor"]) then "ancestors"
	elif any($d.profiles[].rules[]; .text | words | any_of(["enter", "leave"])) then "enter and leave"
	else null end;

# Each fact that an event does not say and that has two values, if the rules ask for it: the request with either.
def either($name; $ask): if $ask then ., (. + {($name): true}) else . end;
def requests($e; $d):
	[$d.profiles[] | select(.name == $e.profile) | .rules[] | select(.ops | index($e.op)) | .text] as $rules
	| [$e | either("owner"; $rules | conditions | index("owner"))
		| either("deleted"; $rules | any(.[]; words | index("deleted")))];

def asked_out($q; $d):
	[$d.profiles[]?.rules[] | select(.ops | index($q.op)) | .text] as $rules
	| if $d == null then "an image that the test did not keep"
	elif $rules | any(.[]; words | index("fstype")) then "fstype"
	elif $rules | conditions + [$d.profiles[].subject | words[]] | any_of(["capability"]) then "capabilities"
	elif any($d.profiles[].rules[]; .text | words | any_of(["enter", "leave"])) then "enter and leave"
	else null end;

def plan:
	($images | map({(.key): .}) | add // {}) as $by
	| [inputs
		| "\(.epoch).\(.event.generation // .generation)" as $key
		| $by[$key].dump as $d
		| if .event then .out = event_out(.event; $d) else .out = asked_out(.asked; $d) end
		| .requests = (if .out then [] elif .event then requests(.event; $d) else [.asked] end)
		| .key = $key | .dry = ($by[$key].dry // false) | .subject = [.event.profile as $n | $d.profiles[]? | select(.name == $n) | .subject][0]]
	| sort_by(.key)[];

def plain: ltrimstr("would-");
def place: {file, line, text};
# Is this answer that of the event?
def same($w): any(.reports[]; .profile == $w.event.profile and (.verdict | plain) == ($w.event.verdict | plain)
	and ($w.dry or .mode == $w.event.mode) and .reason == $w.event.reason
	and (.reason != "rule" or (.rule | place) == ($w.event.rule | place)));
# The programs of its subject do not name what the event says that it runs, so one before did: of that an event has only living ancestors.
def by_what_ran_before($w): (.profiles | index($w.event.profile) | not) and (($w.subject // "") | words | any_of(["exe", "script"]))
	and ($w.subject | [scan("[^\\s,;{}]+")] | any_of([$w.event.exe, $w.event.script]) | not);
# One more word for what became of it.
def judged($w; $said):
	if $w.out then {out: $w.out}
	elif $w.asked then ($said[0] | if .verdict == "allow" or .verdict == "log" then {asked: 1} else {wrong: 1} end)
	elif $said | any(.[]; same($w)) then {same: 1, either: ($said | map(.reports) | unique | length > 1)}
	elif $said[0] | by_what_ran_before($w) then {out: "a profile by what ran before"}
	else {wrong: 1} end;

def tell:
	[foreach inputs as $w ({at: 0}; .w = $w | .said = $answers[.at:.at + ($w.requests | length)] | .at += ($w.requests | length);
		{w, said} + judged(.w; .said))]
	| (map(select(.same)) | length) as $same
	| (map(select(.asked)) | length) as $asked
	| (map(select(.either)) | length) as $either
	| (map(select(.out)) | group_by(.out) | map("\(length) \(.[0].out)") | join(", ")) as $out
	| "\($same) events\(if $asked > 0 then " and \($asked) allowed probes" else "" end): policyc explain says the same"
		+ (if $either > 0 then "; \($either) by one of its answers, which an event does not tell apart" else "" end)
		+ (if $out != "" then "; left out: \($out)" else "" end),
	(.[] | select(.wrong) | "kernel: \(.w.event // {verdict: "allow"} + .w.asked | {verdict, op, object, exe, profile, rule, canonical} | tojson)",
		(.said[] | "policyc: \(tojson)"));

if $step == "plan" then plan else tell end
